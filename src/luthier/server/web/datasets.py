"""The pages of the datasets: all of them, and one with its report and its examples."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from luthier.domain.datasets import Dataset
from luthier.server.web.context import Context
from luthier.server.web.frame import Frame, frame_of, workspace_of
from luthier.server.web.rendering import render

router = APIRouter(prefix="/datasets", include_in_schema=False)

ROWS = 10


@dataclass(frozen=True, slots=True)
class DatasetsPage(Context):
    template: ClassVar[str] = "pages/datasets.html"

    frame: Frame
    datasets: Sequence[Dataset]


@dataclass(frozen=True, slots=True)
class DatasetPage(Context):
    template: ClassVar[str] = "pages/dataset.html"

    frame: Frame
    dataset: Dataset
    rows: Sequence[dict[str, Any]]
    offset: int
    previous: int | None  # offsets of the pages beside this one
    following: int | None


@router.get("")
def datasets(request: Request) -> HTMLResponse:
    return render(DatasetsPage(frame=frame_of(request), datasets=workspace_of(request).datasets.list()))


@router.get("/{reference}")
def dataset(request: Request, reference: str, offset: Annotated[int, Query(ge=0)] = 0) -> HTMLResponse:
    workspace = workspace_of(request)
    found = workspace.datasets.get(reference)
    offset = min(offset, max(0, found.examples - 1))
    page = DatasetPage(
        frame=frame_of(request),
        dataset=found,
        rows=workspace.datasets.preview(found, offset, ROWS),
        offset=offset,
        previous=max(0, offset - ROWS) if offset else None,
        following=offset + ROWS if offset + ROWS < found.examples else None,
    )
    return render(page)
