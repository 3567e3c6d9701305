"""The home page: what is at work, what needs somebody, the machine, the spending; never older than it says."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from luthier.domain.machine import MachineLoad
from luthier.domain.overviews import Overview
from luthier.domain.run_states import ACTIVE, RunState
from luthier.domain.runs import Run, Span
from luthier.domain.spending import Spending
from luthier.server.web.context import Context
from luthier.server.web.curves import loss_of
from luthier.server.web.frame import Frame, frame_of, workspace_of
from luthier.server.web.rendering import render
from luthier.server.web.run_parts import seconds_left
from luthier.server.web.welcome import Welcome, welcome_of
from luthier.workspace import Workspace

router = APIRouter(include_in_schema=False)

_MOST_AT_WORK = 50


@dataclass(frozen=True, slots=True)
class WorkItem:
    run: Run
    curve: str
    seconds_left: Span | None


@dataclass(frozen=True, slots=True)
class Board(Context):
    """All of the page that changes by itself, except for the machine, which changes every time one looks."""

    template: ClassVar[str] = "fragments/board.html"

    overview: Overview
    items: Sequence[WorkItem]
    spent: Sequence[tuple[str, Spending]]


@dataclass(frozen=True, slots=True)
class MachineCard(Context):
    template: ClassVar[str] = "fragments/machine.html"

    load: MachineLoad
    asks: bool = True  # for newer figures, every second


@dataclass(frozen=True, slots=True)
class Glance(Context):
    template: ClassVar[str] = "fragments/glance.html"

    active: int
    queued: int
    offline: bool  # it was told to ask nothing of the network


@dataclass(frozen=True, slots=True)
class HomePage(Context):
    template: ClassVar[str] = "pages/home.html"

    frame: Frame
    welcome: Welcome | None
    board: Board
    machine: MachineCard
    glance: Glance


@router.get("/")
def home(request: Request) -> HTMLResponse:
    workspace = workspace_of(request)
    overview = workspace.overviews.now()
    page = HomePage(
        frame=frame_of(request),
        welcome=welcome_of(workspace),
        board=_board(workspace, overview),
        machine=MachineCard(overview.machine),
        glance=Glance(active=len(overview.at_work), queued=len(overview.waiting), offline=workspace.settings.offline),
    )
    return render(page)


@router.get("/parts/board")
def board(request: Request) -> HTMLResponse:
    workspace = workspace_of(request)
    return render(_board(workspace, workspace.overviews.now()))


@router.get("/parts/machine")
def machine(request: Request) -> HTMLResponse:
    return render(MachineCard(workspace_of(request).machine.load()))


@router.get("/parts/glance")
def glance(request: Request) -> HTMLResponse:
    workspace = workspace_of(request)
    at_work = workspace.runs.list(_MOST_AT_WORK, ACTIVE | {RunState.QUEUED})
    queued = sum(run.state is RunState.QUEUED for run in at_work)
    return render(Glance(active=len(at_work) - queued, queued=queued, offline=workspace.settings.offline))


def _board(workspace: Workspace, overview: Overview) -> Board:
    items = [
        WorkItem(run=run, curve=loss_of(workspace, run), seconds_left=seconds_left(run)) for run in overview.at_work
    ]
    spent = overview.spent
    return Board(
        overview=overview,
        items=items,
        spent=(("Today", spent.today), ("Thirty days", spent.month), ("In all", spent.ever)),
    )
