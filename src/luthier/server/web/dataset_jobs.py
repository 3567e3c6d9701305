"""Long work on datasets as a card that keeps itself up to date, alone or on the page that the work belongs to."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from luthier.domain.background import WorkState
from luthier.domain.dataset_jobs import CompareWork, DatasetJob, ScoreWork
from luthier.server.web.context import Context
from luthier.server.web.frame import Frame, frame_of, workspace_of
from luthier.server.web.leading import htmx_to
from luthier.server.web.rendering import render
from luthier.server.web.ways import title_of
from luthier.workspace import Workspace

router = APIRouter(prefix="/datasets/jobs", include_in_schema=False)


@dataclass(frozen=True, slots=True)
class JobCard(Context):
    template: ClassVar[str] = "fragments/dataset_job.html"

    job: DatasetJob
    title: str
    outcome: str  # where what came of it is to be seen, once it is done
    leads: bool  # whether the page goes on to what came of it


@dataclass(frozen=True, slots=True)
class DatasetJobPage(Context):
    template: ClassVar[str] = "pages/dataset_job.html"

    frame: Frame
    card: JobCard


@router.get("/{job_id}")
def job_page(request: Request, job_id: str) -> HTMLResponse:
    job = workspace_of(request).dataset_jobs.get(job_id)
    return render(DatasetJobPage(frame=frame_of(request), card=card_of(job)))


@router.get("/{job_id}/card")
def card(request: Request, job_id: str, leads: bool = True) -> Response:
    """Asked for again and again by the card itself."""
    job = workspace_of(request).dataset_jobs.get(job_id)
    if leads and job.state is WorkState.DONE:
        return htmx_to(outcome_of(job))
    return render(card_of(job, leads=leads))


@router.post("/{job_id}/cancel")
def cancel(request: Request, job_id: str, leads: bool = True) -> HTMLResponse:
    return render(card_of(workspace_of(request).dataset_jobs.cancel(job_id), leads=leads))


@router.post("/{job_id}/restart")
def restart(request: Request, job_id: str, leads: bool = True) -> HTMLResponse:
    return render(card_of(workspace_of(request).dataset_jobs.begin_again(job_id), leads=leads))


def begun(job: DatasetJob) -> HTMLResponse:
    """The card in the place of the form that asked for it; the address is that of the work from now on."""
    response = render(card_of(job))
    response.headers["HX-Push-Url"] = f"/datasets/jobs/{job.job_id}"
    return response


def card_of(job: DatasetJob, *, leads: bool = True) -> JobCard:
    return JobCard(job=job, title=title_of(job), outcome=outcome_of(job), leads=leads)


def unfinished(workspace: Workspace, labels: Iterable[str] | None = None, *, leads: bool = True) -> Sequence[JobCard]:
    """What is being done, or was left off, on these datasets or on any."""
    jobs = workspace.dataset_jobs.list()
    wanted = None if labels is None else set(labels)
    return [
        card_of(job, leads=leads)
        for job in jobs
        if (job.state.is_open or job.state is WorkState.UNFINISHED)
        and (wanted is None or not wanted.isdisjoint(job.datasets))
    ]


def outcome_of(job: DatasetJob) -> str:
    """Where what came of it is to be seen."""
    match job.work:
        case ScoreWork() as work:
            given = work.model_dump(exclude={"kind", "dataset"}, exclude_none=True)
            return f"/datasets/{work.dataset}/quality" + (f"?{urlencode(given)}" if given else "")
        case CompareWork(before=before, after=after):
            return f"/datasets/diff?{urlencode({'before': before, 'after': after})}"
    if len(job.made) == 1 and not job.changed_nothing:
        return f"/datasets/{job.made[0]}"
    return f"/datasets/jobs/{job.job_id}"
