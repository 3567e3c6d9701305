"""The form that merges two versions, on the page that compares them, and how far that is."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from luthier.domain.merges import Merge, MergeRequest, how_named
from luthier.server.web.context import Context
from luthier.server.web.frame import Frame, frame_of, workspace_of
from luthier.server.web.leading import htmx_to
from luthier.server.web.rendering import render

router = APIRouter(prefix="/merges", include_in_schema=False)


@dataclass(frozen=True, slots=True)
class MergeCard(Context):
    """Keeps itself up to date while it is being made."""

    template: ClassVar[str] = "fragments/merge.html"

    merge: Merge


@dataclass(frozen=True, slots=True)
class MergePage(Context):
    template: ClassVar[str] = "pages/merge.html"

    frame: Frame
    merge: Merge
    card: MergeCard


@router.post("")
def make(
    request: Request,
    version: Annotated[list[str], Form()],
    weight: Annotated[list[float], Form()],
    how: Annotated[str, Form()] = "linear",
) -> Response:
    wanted = MergeRequest(how=how_named(how), weights=tuple(weight))
    merge = workspace_of(request).merging.make(version, wanted)
    return RedirectResponse(f"/merges/{merge.merge_id}", status_code=303)


@router.get("/{merge_id}")
def page(request: Request, merge_id: str) -> Response:
    """Once it is done, the version that it became."""
    merge = workspace_of(request).merging.get(merge_id)
    if merge.version_id:
        return RedirectResponse(f"/versions/{merge.version_id}", status_code=303)
    return render(MergePage(frame=frame_of(request), merge=merge, card=MergeCard(merge)))


@router.get("/{merge_id}/card")
def card(request: Request, merge_id: str) -> Response:
    merge = workspace_of(request).merging.get(merge_id)
    if not merge.state.is_open:
        return htmx_to(f"/merges/{merge_id}")
    return render(MergeCard(merge))


@router.post("/{merge_id}/cancel")
def cancel(request: Request, merge_id: str) -> HTMLResponse:
    return render(MergeCard(workspace_of(request).merging.cancel(merge_id)))


@router.post("/{merge_id}/restart")
def restart(request: Request, merge_id: str) -> HTMLResponse:
    return render(MergeCard(workspace_of(request).merging.begin_again(merge_id)))
