"""The page of the disk: what uses the space of the workspace, and what of it can go."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from luthier.domain.disk_use import KINDS, DiskKind, DiskUse
from luthier.server.web.context import Context
from luthier.server.web.frame import Frame, frame_of, workspace_of
from luthier.server.web.rendering import render

router = APIRouter(prefix="/disk", include_in_schema=False)


@dataclass(frozen=True, slots=True)
class DiskPage(Context):
    template: ClassVar[str] = "pages/disk.html"

    frame: Frame
    use: DiskUse
    kinds: dict[DiskKind, str]


@router.get("")
def disk(request: Request) -> HTMLResponse:
    return render(DiskPage(frame=frame_of(request), use=workspace_of(request).disk.use(), kinds=KINDS))


@router.post("/clean-up")
def clean_up(request: Request, item: Annotated[list[str] | None, Form()] = None) -> Response:
    workspace_of(request).disk.clean_up(item or [])
    return RedirectResponse("/disk", status_code=303)
