"""Where a run begins: drafts that wait to be gone on with, and the first choice of a new one."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from luthier.domain.drafts import Draft
from luthier.domain.presets import Preset
from luthier.domain.profiles import Profile
from luthier.server.web.context import Context
from luthier.server.web.frame import Frame, frame_of, workspace_of
from luthier.server.web.rendering import render
from luthier.server.web.wizard_data import data_label
from luthier.server.web.wizard_forms import Sent, changes_of
from luthier.services.sample_task import sample_recipe
from luthier.workspace import Workspace

router = APIRouter(prefix="/train", include_in_schema=False)


@dataclass(frozen=True, slots=True)
class UseCases(Context):
    """The first choice, alike on the page where a draft begins and in the draft's own first step."""

    template: ClassVar[str] = "fragments/use_cases.html"

    uses: Sequence[Profile]
    targets: Sequence[Profile]
    presets: Sequence[Preset]
    use: str  # chosen
    target: str


@dataclass(frozen=True, slots=True)
class TrainPage(Context):
    template: ClassVar[str] = "pages/train.html"

    frame: Frame
    drafts: Sequence[tuple[Draft, str]]  # each with what it is called
    use_cases: UseCases


@router.get("")
def train(
    request: Request, source: str = "", dataset: str = "", like: str = "", preset: str = "", base: str = ""
) -> Response:
    """With a query, as links have it: into a draft with those values."""
    workspace = workspace_of(request)
    if source or dataset or like or preset or base:
        draft = _linked(workspace, source, dataset, like, preset, base)
        return RedirectResponse(f"/train/{draft.draft_id}/{draft.step}", status_code=303)
    drafts = [(draft, _title(workspace, draft)) for draft in workspace.drafts.list()]
    return render(TrainPage(frame=frame_of(request), drafts=drafts, use_cases=use_cases_of(workspace, values={})))


@router.post("")
def begin(request: Request, sent: Sent) -> Response:
    drafts = workspace_of(request).drafts
    if preset := sent.get("preset"):
        return _to(workspace_of(request).presets.into_draft(preset))
    return _to(drafts.begin(changes_of("use-case", sent), step="data"))


@router.get("/{draft_id}")
def go_on(request: Request, draft_id: str) -> Response:
    return _to(workspace_of(request).drafts.get(draft_id))


@router.post("/{draft_id}/delete")
def delete(request: Request, draft_id: str) -> Response:
    workspace_of(request).drafts.delete(draft_id)
    return RedirectResponse("/train", status_code=303)


def address_of(draft: Draft) -> str:
    """Where its author was last, or what it became."""
    if draft.sweep_id:
        return f"/runs/sweeps/{draft.sweep_id}"
    return f"/runs/{draft.run_id}" if draft.run_id else f"/train/{draft.draft_id}/{draft.step}"


def use_cases_of(workspace: Workspace, values: dict[str, Any]) -> UseCases:
    profiles = workspace.plans.profiles()
    chosen = values.get("profiles", ())
    uses = [profile for profile in profiles if profile.kind == "use"]
    targets = [profile for profile in profiles if profile.kind == "target"]
    return UseCases(
        uses=uses,
        targets=targets,
        presets=workspace.presets.list(),
        use=next((profile.name for profile in uses if profile.name in chosen), ""),
        target=next((profile.name for profile in targets if profile.name in chosen), ""),
    )


def _linked(workspace: Workspace, source: str, dataset: str, like: str, preset: str, base: str) -> Draft:
    if like:
        run = workspace.runs.get(like)
        return workspace.drafts.begin_like(run.recipe, f"the run {run.name}")
    if preset:
        return workspace.presets.into_draft(preset)
    if source == "sample":
        return workspace.drafts.begin_like(sample_recipe(), "the sample task")
    values = {name: value for name, value in (("data", dataset), ("base", base)) if value}
    return workspace.drafts.begin(values, step="data" if not base or dataset else "use-case")


def _title(workspace: Workspace, draft: Draft) -> str:
    return str(draft.values.get("name") or data_label(workspace, draft.values) or "A run without examples yet")


def _to(draft: Draft) -> Response:
    return RedirectResponse(address_of(draft), status_code=303)
