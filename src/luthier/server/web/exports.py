"""The pages of exports: all of them, one with its proof, and the form on a version's page that asks for one."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import BaseModel

from luthier.domain.exports import FORMS, Export, ExportRequest
from luthier.domain.exports import Form as ExportForm
from luthier.domain.recipes import SizeInBytes
from luthier.server.web.context import Context
from luthier.server.web.frame import Frame, frame_of, workspace_of
from luthier.server.web.leading import htmx_to
from luthier.server.web.rendering import render

router = APIRouter(prefix="/exports", include_in_schema=False)


@dataclass(frozen=True, slots=True)
class ExportsPage(Context):
    template: ClassVar[str] = "pages/exports.html"

    frame: Frame
    exports: Sequence[Export]


@dataclass(frozen=True, slots=True)
class ExportCard(Context):
    """What it is, and how far while it is being made: it keeps itself up to date."""

    template: ClassVar[str] = "fragments/export.html"

    export: Export


@dataclass(frozen=True, slots=True)
class ExportPage(Context):
    template: ClassVar[str] = "pages/export.html"

    frame: Frame
    export: Export
    card: ExportCard


@dataclass(frozen=True, slots=True)
class VersionExports(Context):
    """On a version's page: what was exported of it, and the form for more."""

    template: ClassVar[str] = "fragments/version_exports.html"

    frame: Frame
    version_id: str
    exports: Sequence[Export]
    forms: dict[ExportForm, str]
    kinds: Sequence[str]


class Asked(BaseModel):
    version: str
    form: ExportForm = "gguf"
    quant: str | None = None
    at_most: SizeInBytes | None = None
    allow_pruning: bool = False


@router.get("")
def exports(request: Request) -> HTMLResponse:
    return render(ExportsPage(frame=frame_of(request), exports=workspace_of(request).exports.list()))


@router.post("")
def make(request: Request, asked: Annotated[Asked, Form()]) -> Response:
    wanted = ExportRequest.of(asked.form, asked.quant, asked.at_most, asked.allow_pruning)
    made = workspace_of(request).exports.make(asked.version, wanted)
    return RedirectResponse(f"/exports/{made.export_id}", status_code=303)


@router.get("/{export_id}")
def export_page(request: Request, export_id: str) -> HTMLResponse:
    export = workspace_of(request).exports.get(export_id)
    return render(ExportPage(frame=frame_of(request), export=export, card=ExportCard(export)))


@router.get("/{export_id}/card")
def card(request: Request, export_id: str) -> Response:
    """Asked for again and again by the card itself; once it has ended, the whole page has changed."""
    export = workspace_of(request).exports.get(export_id)
    if not export.state.is_open:
        return Response(status_code=204, headers={"HX-Refresh": "true"})
    return render(ExportCard(export))


@router.post("/{export_id}/cancel")
def cancel(request: Request, export_id: str) -> Response:
    workspace_of(request).exports.cancel(export_id)
    return Response(status_code=204, headers={"HX-Refresh": "true"})


@router.post("/{export_id}/restart")
def restart(request: Request, export_id: str) -> Response:
    workspace_of(request).exports.begin_again(export_id)
    return Response(status_code=204, headers={"HX-Refresh": "true"})


@router.post("/{export_id}/remove")
def remove(request: Request, export_id: str) -> Response:
    removed = workspace_of(request).exports.remove(export_id)
    return htmx_to(f"/versions/{removed.version_id}")


def exports_of(request: Request, version_id: str) -> VersionExports:
    return VersionExports(
        frame=frame_of(request),
        version_id=version_id,
        exports=workspace_of(request).exports.list(version_id),
        forms=FORMS,
        kinds=workspace_of(request).exports.kinds,
    )
