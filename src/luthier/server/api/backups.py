"""Backups over HTTP: make and check them in the background, in the workspace's folder; restoring is the terminal's."""

from datetime import datetime
from pathlib import Path
from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field

from luthier.domain.background import WorkState
from luthier.domain.backups import Backup, BackupJob, BackupOptions, LeftOut
from luthier.domain.jobs import Progress
from luthier.server.api.access import PROBLEMS, OpenWorkspace
from luthier.server.api.paging import Cursor, Limit, Page, page_of
from luthier.server.api.views import RunProblem

router = APIRouter(prefix="/backups", tags=["backups"], responses=PROBLEMS)


class NewBackup(BaseModel, extra="forbid"):
    name: str | None = Field(default=None, min_length=1, max_length=120, description="of the file; else the time")
    models: bool = Field(default=True, description="base models too")


class BackupView(BaseModel):
    name: str
    bytes: int = Field(description="of the file")
    content_bytes: int = Field(description="of what it holds")
    made_at: datetime
    made_with: str = Field(description="the version of Luthier")
    options: BackupOptions
    runs: int
    datasets: int
    versions: int
    files: int
    left_out: list[LeftOut] = Field(description="what could not be copied, and why")

    @classmethod
    def of(cls, backup: Backup) -> "BackupView":
        own = cls.model_fields.keys() - {"name", "left_out"}
        return cls(
            name=Path(backup.path).name,
            left_out=list(backup.left_out),
            **{name: getattr(backup, name) for name in own},
        )


class BackupJobView(BaseModel):
    job_id: str
    kind: Literal["make", "check"]
    name: str = Field(description="of the file")
    state: WorkState
    begun_at: datetime
    progress: Progress | None
    backup: BackupView | None = Field(description="once it is done: every byte of it is as it was written")
    problem: RunProblem | None

    @classmethod
    def of(cls, job: BackupJob) -> "BackupJobView":
        own = cls.model_fields.keys() - {"backup", "problem"}
        return cls(
            **{name: getattr(job, name) for name in own},
            backup=BackupView.of(job.backup) if job.backup else None,
            problem=RunProblem.of(job.problem) if job.problem else None,
        )


@router.get("")
def list_backups(workspace: OpenWorkspace, limit: Limit = 50, cursor: Cursor = None) -> Page[BackupView]:
    """Those in the workspace's folder of backups, newest first."""
    shown = [BackupView.of(backup) for backup in workspace.backups.list()]
    return page_of(shown, lambda backup: backup.name, cursor, limit)


@router.post("", status_code=202)
def begin_backup(workspace: OpenWorkspace, wanted: NewBackup) -> BackupJobView:
    """Of one moment, while everything goes on. Keys and sign-ins stay out."""
    return BackupJobView.of(workspace.backup_jobs.make(wanted.name, BackupOptions(models=wanted.models)))


@router.get("/jobs")
def list_backup_jobs(workspace: OpenWorkspace, limit: Limit = 50, cursor: Cursor = None) -> Page[BackupJobView]:
    """What is made or checked, newest first; what has ended is listed for a day."""
    shown = [BackupJobView.of(job) for job in workspace.backup_jobs.list()]
    return page_of(shown, lambda job: job.job_id, cursor, limit)


@router.get("/jobs/{job_id}")
def get_backup_job(workspace: OpenWorkspace, job_id: str) -> BackupJobView:
    return BackupJobView.of(workspace.backup_jobs.get(job_id))


@router.post("/jobs/{job_id}/cancel")
def cancel_backup_job(workspace: OpenWorkspace, job_id: str) -> BackupJobView:
    """Nothing of it is kept."""
    return BackupJobView.of(workspace.backup_jobs.cancel(job_id))


@router.post("/{name}/check", status_code=202)
def begin_backup_check(workspace: OpenWorkspace, name: str) -> BackupJobView:
    """Reads every byte of it in the background."""
    return BackupJobView.of(workspace.backup_jobs.check(name))
