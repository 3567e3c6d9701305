"""The pages of the datasets: all of them, and one with its report and its examples."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from luthier.domain.datasets import Dataset
from luthier.server.web.context import Context
from luthier.server.web.dataset_jobs import JobCard, unfinished
from luthier.server.web.frame import Frame, frame_of, workspace_of
from luthier.server.web.history import DatasetHistory, DatasetWays, dataset_history, dataset_ways
from luthier.server.web.rendering import render
from luthier.server.web.rows import AskedRows, DatasetRows, dataset_rows

router = APIRouter(prefix="/datasets", include_in_schema=False)


@dataclass(frozen=True, slots=True)
class DatasetsPage(Context):
    template: ClassVar[str] = "pages/datasets.html"

    frame: Frame
    datasets: Sequence[Dataset]
    working: Sequence[JobCard]


@dataclass(frozen=True, slots=True)
class DatasetPage(Context):
    template: ClassVar[str] = "pages/dataset.html"

    frame: Frame
    dataset: Dataset
    working: Sequence[JobCard]
    rows: DatasetRows
    ways: DatasetWays
    history: DatasetHistory


@router.get("")
def datasets(request: Request) -> HTMLResponse:
    workspace = workspace_of(request)
    page = DatasetsPage(
        frame=frame_of(request), datasets=workspace.datasets.list(), working=unfinished(workspace, leads=False)
    )
    return render(page)


@router.get("/{reference}")
def dataset(request: Request, reference: str, query: AskedRows) -> HTMLResponse:
    workspace = workspace_of(request)
    found = workspace.datasets.get(reference)
    page = DatasetPage(
        frame=frame_of(request),
        dataset=found,
        working=unfinished(workspace, [found.label], leads=False),
        rows=dataset_rows(workspace, found, query),
        ways=dataset_ways(found),
        history=dataset_history(workspace, found),
    )
    return render(page)
