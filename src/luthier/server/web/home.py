"""The home page: what is at work, what was made last, and how the machine is doing."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from luthier.domain.run_states import ACTIVE, RunState
from luthier.domain.runs import Run, Span
from luthier.domain.versions import Version
from luthier.server.web.context import Context
from luthier.server.web.curves import loss_of
from luthier.server.web.frame import Frame, frame_of, workspace_of
from luthier.server.web.machine import Load, measure
from luthier.server.web.rendering import render
from luthier.server.web.run_parts import seconds_left
from luthier.workspace import Workspace

router = APIRouter(include_in_schema=False)

_RECENT = 6
_MOST_AT_WORK = 50


@dataclass(frozen=True, slots=True)
class WorkItem:
    run: Run
    curve: str
    seconds_left: Span | None


@dataclass(frozen=True, slots=True)
class Work(Context):
    template: ClassVar[str] = "fragments/work.html"

    items: Sequence[WorkItem]


@dataclass(frozen=True, slots=True)
class MachineCard(Context):
    template: ClassVar[str] = "fragments/machine.html"

    load: Load


@dataclass(frozen=True, slots=True)
class Glance(Context):
    template: ClassVar[str] = "fragments/glance.html"

    active: int
    queued: int


@dataclass(frozen=True, slots=True)
class HomePage(Context):
    template: ClassVar[str] = "pages/home.html"

    frame: Frame
    active: int
    queued: int
    work: Work
    recent: Sequence[Run]
    versions: Sequence[Version]
    machine: MachineCard


@router.get("/")
def home(request: Request) -> HTMLResponse:
    workspace = workspace_of(request)
    at_work = _at_work(workspace)
    counts = _glance(at_work)
    return render(
        HomePage(
            frame=frame_of(request),
            active=counts.active,
            queued=counts.queued,
            work=_work(workspace, at_work),
            recent=workspace.runs.list(_RECENT),
            versions=workspace.versions.list()[:_RECENT],
            machine=MachineCard(measure(workspace.settings.workspace_folder)),
        )
    )


@router.get("/parts/work")
def work(request: Request) -> HTMLResponse:
    workspace = workspace_of(request)
    return render(_work(workspace, _at_work(workspace)))


@router.get("/parts/machine")
def machine(request: Request) -> HTMLResponse:
    return render(MachineCard(measure(workspace_of(request).settings.workspace_folder)))


@router.get("/parts/glance")
def glance(request: Request) -> HTMLResponse:
    return render(_glance(_at_work(workspace_of(request))))


def _at_work(workspace: Workspace) -> list[Run]:
    return workspace.runs.list(_MOST_AT_WORK, ACTIVE | {RunState.QUEUED})


def _glance(runs: Sequence[Run]) -> Glance:
    queued = sum(run.state is RunState.QUEUED for run in runs)
    return Glance(active=len(runs) - queued, queued=queued)


def _work(workspace: Workspace, runs: Sequence[Run]) -> Work:
    return Work(
        items=[
            WorkItem(
                run=run,
                curve=loss_of(workspace, run),
                seconds_left=seconds_left(run),
            )
            for run in runs
            if run.state is not RunState.QUEUED
        ]
    )
