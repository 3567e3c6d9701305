"""Base models side by side, and the page on which one is removed: what is lost stands there first."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from luthier.domain.model_comparisons import ModelComparison
from luthier.domain.model_use import ModelUse
from luthier.server.web.context import Context
from luthier.server.web.frame import Frame, frame_of, workspace_of
from luthier.server.web.rendering import render

router = APIRouter(prefix="/models", include_in_schema=False)


@dataclass(frozen=True, slots=True)
class ModelComparisonPage(Context):
    template: ClassVar[str] = "pages/model_comparison.html"

    frame: Frame
    compared: ModelComparison
    was_asked: bool  # the hub, just now


@dataclass(frozen=True, slots=True)
class ModelRemovalPage(Context):
    template: ClassVar[str] = "pages/model_removal.html"

    frame: Frame
    use: ModelUse


@router.get("/compare")
def compare(
    request: Request,
    model: Annotated[list[str] | None, Query(max_length=10)] = None,
    hub: Annotated[bool, Query()] = False,
) -> HTMLResponse:
    compared = workspace_of(request).model_comparisons.of(model or [], ask_hub=hub)
    return render(ModelComparisonPage(frame=frame_of(request), compared=compared, was_asked=hub))


@router.get("/remove")
def removal(request: Request, name: Annotated[str, Query(max_length=4096)]) -> HTMLResponse:
    return render(ModelRemovalPage(frame=frame_of(request), use=workspace_of(request).model_removal.use(name)))


@router.post("/remove")
def remove(request: Request, name: Annotated[str, Form(max_length=4096)]) -> Response:
    workspace_of(request).model_removal.remove(name)
    return RedirectResponse("/models?place=here", status_code=303)
