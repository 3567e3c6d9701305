"""Long work on datasets over HTTP: see how far it is, call it off, begin it again."""

from datetime import datetime

from fastapi import APIRouter
from pydantic import BaseModel, Field

from luthier.domain.background import WorkState
from luthier.domain.dataset_jobs import DatasetJob, DatasetWork
from luthier.domain.jobs import Progress
from luthier.server.api.access import PROBLEMS, OpenWorkspace
from luthier.server.api.paging import Cursor, Limit, Page, page_of
from luthier.server.api.views import RunProblem

router = APIRouter(prefix="/dataset-jobs", tags=["datasets"], responses=PROBLEMS)


class DatasetJobView(BaseModel):
    job_id: str
    work: DatasetWork = Field(description="what was asked for")
    state: WorkState
    begun_at: datetime
    progress: Progress | None = Field(description="while it is running")
    made: list[str] = Field(description="labels of the datasets that came out of it")
    changed_nothing: bool = Field(description="the dataset was already as it was to become")
    problem: RunProblem | None

    @classmethod
    def of(cls, job: DatasetJob) -> "DatasetJobView":
        own = cls.model_fields.keys() - {"problem", "made"}
        return cls(
            **{name: getattr(job, name) for name in own},
            made=list(job.made),
            problem=RunProblem.of(job.problem) if job.problem else None,
        )


@router.get("")
def list_dataset_jobs(workspace: OpenWorkspace, limit: Limit = 50, cursor: Cursor = None) -> Page[DatasetJobView]:
    """Newest first; what has ended is listed for a day."""
    shown = [DatasetJobView.of(job) for job in workspace.dataset_jobs.list()]
    return page_of(shown, lambda job: job.job_id, cursor, limit)


@router.get("/{job_id}")
def get_dataset_job(workspace: OpenWorkspace, job_id: str) -> DatasetJobView:
    return DatasetJobView.of(workspace.dataset_jobs.get(job_id))


@router.post("/{job_id}/cancel")
def cancel_dataset_job(workspace: OpenWorkspace, job_id: str) -> DatasetJobView:
    """It ends where it next says how far it is, and nothing of it is kept."""
    return DatasetJobView.of(workspace.dataset_jobs.cancel(job_id))


@router.post("/{job_id}/restart")
def restart_dataset_job(workspace: OpenWorkspace, job_id: str) -> DatasetJobView:
    """From its beginning: for what failed, was cancelled, or lost its process."""
    return DatasetJobView.of(workspace.dataset_jobs.begin_again(job_id))
