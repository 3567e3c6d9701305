"""The proof on the last step of the wizard: how far it is, what it found, and ways to call it off and to try again."""

from dataclasses import dataclass
from typing import ClassVar

from fastapi import APIRouter, Request
from fastapi.responses import Response

from luthier.domain.drafts import Draft
from luthier.domain.errors import LuthierError, Problem
from luthier.domain.previews import Preview
from luthier.server.web.context import Context
from luthier.server.web.frame import workspace_of
from luthier.server.web.leading import part_or_page
from luthier.server.web.rendering import render
from luthier.workspace import Workspace

router = APIRouter(prefix="/train", include_in_schema=False)


@dataclass(frozen=True, slots=True)
class PreflightPart(Context):
    template: ClassVar[str] = "fragments/wizard_preflight.html"

    draft: Draft
    preview: Preview | None  # None: the base is not here, or `problem` says what is wrong with the draft
    problem: Problem | None


@router.get("/{draft_id}/review/preflight")
def preflight(request: Request, draft_id: str) -> Response:
    """Asked for again and again by the part itself."""
    workspace = workspace_of(request)
    return render(preflight_part(workspace, workspace.drafts.get(draft_id)))


@router.post("/{draft_id}/review/preflight/cancel")
def cancel(request: Request, draft_id: str) -> Response:
    workspace = workspace_of(request)
    draft = workspace.drafts.get(draft_id)
    workspace.previews.cancel(draft_id, workspace.drafts.recipe(draft))
    return _as_it_is(request, workspace, draft)


@router.post("/{draft_id}/review/preflight/again")
def again(request: Request, draft_id: str) -> Response:
    workspace = workspace_of(request)
    draft = workspace.drafts.get(draft_id)
    workspace.previews.again(draft_id, workspace.drafts.recipe(draft))
    return _as_it_is(request, workspace, draft)


def preflight_part(workspace: Workspace, draft: Draft) -> PreflightPart:
    """Never fails for what the draft lacks or has wrong: that is said in the part."""
    preview, problem = None, None
    try:
        recipe = workspace.drafts.recipe(draft)
        if workspace.models.is_here(recipe.base):
            preview = workspace.previews.of(draft.draft_id, recipe)
    except LuthierError as error:
        problem = error.problem
    return PreflightPart(draft=draft, preview=preview, problem=problem)


def _as_it_is(request: Request, workspace: Workspace, draft: Draft) -> Response:
    address = f"/train/{draft.draft_id}/review?plan=true#review-preflight"
    return part_or_page(request, preflight_part(workspace, draft), address)
