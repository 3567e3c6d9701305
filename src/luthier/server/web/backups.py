"""The card of backups: make one, check one, see how far that is; restoring is the terminal's."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from luthier.domain.background import WorkState
from luthier.domain.backups import Backup, BackupJob, BackupOptions
from luthier.domain.errors import LuthierError, Problem
from luthier.server.web.context import Context
from luthier.server.web.frame import workspace_of
from luthier.server.web.rendering import render
from luthier.workspace import Workspace

router = APIRouter(prefix="/machine/backups", include_in_schema=False)

_SHOWN = 5


@dataclass(frozen=True, slots=True)
class BackupRow:
    name: str
    backup: Backup


@dataclass(frozen=True, slots=True)
class BackupCard(Context):
    template: ClassVar[str] = "fragments/backups.html"

    rows: Sequence[BackupRow]  # the newest few
    more: int
    job: BackupJob | None  # that is at work
    ended: BackupJob | None  # the last one, when none is
    problem: Problem | None
    folder: str


@router.get("")
def card(request: Request) -> HTMLResponse:
    """Asked for again and again by the card that it draws, while something is made or checked."""
    return render(backup_card(workspace_of(request)))


@router.post("")
def make(request: Request) -> HTMLResponse:
    workspace = workspace_of(request)
    try:
        workspace.backup_jobs.make(None, BackupOptions())
    except LuthierError as error:
        return render(backup_card(workspace, error.problem))
    return render(backup_card(workspace))


@router.post("/{name}/check")
def check(request: Request, name: str) -> HTMLResponse:
    workspace = workspace_of(request)
    try:
        workspace.backup_jobs.check(name)
    except LuthierError as error:
        return render(backup_card(workspace, error.problem))
    return render(backup_card(workspace))


@router.post("/jobs/{job_id}/cancel")
def cancel(request: Request, job_id: str) -> HTMLResponse:
    workspace = workspace_of(request)
    workspace.backup_jobs.cancel(job_id)
    return render(backup_card(workspace))


def backup_card(workspace: Workspace, problem: Problem | None = None) -> BackupCard:
    backups, jobs = workspace.backups.list(), workspace.backup_jobs.list()
    job = next((each for each in jobs if each.state.is_open), None)
    ended = None if job is not None or not jobs or jobs[0].state is WorkState.UNFINISHED else jobs[0]
    return BackupCard(
        rows=[BackupRow(Path(backup.path).name, backup) for backup in backups[:_SHOWN]],
        more=max(0, len(backups) - _SHOWN),
        job=job,
        ended=ended,
        problem=problem or (ended.problem if ended else None),
        folder=str(workspace.folders.backups),
    )
