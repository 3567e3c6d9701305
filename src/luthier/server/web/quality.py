"""The page of a dataset's quality: scored in the background, then pictures and reasons that lead to their examples."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import HTMLResponse

from luthier.domain.dataset_jobs import ScoreWork
from luthier.domain.datasets import Dataset
from luthier.domain.errors import LuthierError, Problem
from luthier.domain.models import BaseModel
from luthier.domain.quality import QualityReport
from luthier.server.web.context import Context
from luthier.server.web.dataset_jobs import JobCard, card_of, unfinished
from luthier.server.web.frame import Frame, frame_of, workspace_of
from luthier.server.web.rendering import render

router = APIRouter(prefix="/datasets", include_in_schema=False)


@dataclass(frozen=True, slots=True)
class QualityQuery:
    """How it was scored, or is to be."""

    base: Annotated[str, Query(max_length=4096)] = ""
    against: Annotated[str, Query(max_length=4096)] = ""
    max_length: Annotated[int | None, Query(ge=1, le=2**31)] = None


@dataclass(frozen=True, slots=True)
class QualityPictures(Context):
    template: ClassVar[str] = "fragments/quality_pictures.html"

    dataset: Dataset
    report: QualityReport | None


@dataclass(frozen=True, slots=True)
class DatasetQualityPage(Context):
    template: ClassVar[str] = "pages/dataset_quality.html"

    frame: Frame
    dataset: Dataset
    models: Sequence[BaseModel]
    others: Sequence[Dataset]  # to look for leaked questions in
    query: QualityQuery
    working: Sequence[JobCard]
    pictures: QualityPictures
    problem: Problem | None  # why what was asked for cannot be shown


@router.get("/{reference}/quality")
def quality(request: Request, reference: str, query: Annotated[QualityQuery, Depends()]) -> HTMLResponse:
    workspace = workspace_of(request)
    dataset = workspace.datasets.get(reference)
    report, problem = None, None
    try:
        report = workspace.quality.known(
            dataset.label, base=query.base or None, against=query.against or None, max_length=query.max_length
        )
    except LuthierError as error:
        problem = error.problem
    page = DatasetQualityPage(
        frame=frame_of(request),
        dataset=dataset,
        models=workspace.models.list(),
        others=[each for each in workspace.datasets.list() if each.label != dataset.label],
        query=query,
        working=[card for card in unfinished(workspace, [dataset.label]) if isinstance(card.job.work, ScoreWork)],
        pictures=QualityPictures(dataset=dataset, report=report or workspace.quality.known(dataset.label)),
        problem=problem,
    )
    return render(page)


@router.post("/{reference}/quality")
def score(
    request: Request,
    reference: str,
    base: Annotated[str, Form(max_length=4096)] = "",
    against: Annotated[str, Form(max_length=4096)] = "",
) -> HTMLResponse:
    """Begins it. An empty base counts no tokens."""
    jobs = workspace_of(request).dataset_jobs
    return render(card_of(jobs.score(reference, base=base or None, against=against or None)))
