"""The first start: a short way from the sample task to a chat with the tuned model, ticked off by what is there."""

from dataclasses import dataclass
from typing import ClassVar

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from luthier.domain.first_steps import FirstSteps
from luthier.domain.machine import MachineLoad
from luthier.server.web.context import Context
from luthier.server.web.frame import workspace_of
from luthier.server.web.rendering import render
from luthier.workspace import Workspace

router = APIRouter(prefix="/parts/welcome", include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Welcome(Context):
    template: ClassVar[str] = "fragments/welcome.html"

    steps: FirstSteps
    load: MachineLoad


def welcome_of(workspace: Workspace) -> Welcome | None:
    """None once the way was gone to its end, or was sent away."""
    steps = workspace.first_steps.get()
    return None if steps.is_over else Welcome(steps=steps, load=workspace.machine.load())


@router.get("")
def welcome(request: Request) -> HTMLResponse:
    shown = welcome_of(workspace_of(request))
    return render(shown) if shown else HTMLResponse("")


@router.post("/dismiss")
def dismiss(request: Request) -> HTMLResponse:
    workspace_of(request).first_steps.dismiss()
    return HTMLResponse("")
