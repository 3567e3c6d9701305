"""The page of a dataset's quality: pictures, reasons, and the examples behind each of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse

from luthier.domain.datasets import Dataset
from luthier.domain.models import BaseModel
from luthier.domain.quality import QualityPage, QualityReport
from luthier.server.web.context import Context
from luthier.server.web.frame import Frame, frame_of, workspace_of
from luthier.server.web.rendering import render

router = APIRouter(prefix="/datasets", include_in_schema=False)

SHOWN = 10


@dataclass(frozen=True, slots=True)
class QualityPictures(Context):
    """What scoring puts in the place of the invitation to score."""

    template: ClassVar[str] = "fragments/quality_pictures.html"

    dataset: Dataset
    report: QualityReport | None


@dataclass(frozen=True, slots=True)
class DatasetQualityPage(Context):
    template: ClassVar[str] = "pages/dataset_quality.html"

    frame: Frame
    dataset: Dataset
    models: Sequence[BaseModel]
    pictures: QualityPictures
    page: QualityPage | None  # the examples behind `reason`; None until the dataset is scored
    reason: str | None
    previous: int | None  # offsets of the pages beside this one
    following: int | None


@router.get("/{reference}/quality")
def quality(
    request: Request,
    reference: str,
    reason: Annotated[str | None, Query(max_length=40)] = None,
    offset: Annotated[int, Query(ge=0, lt=2**63)] = 0,
) -> HTMLResponse:
    workspace = workspace_of(request)
    dataset = workspace.datasets.get(reference)
    report = workspace.quality.known(dataset.dataset_id)
    found = None
    if report is not None:
        below = None if reason else 1.0
        found = workspace.quality.examples(dataset.dataset_id, reason=reason, below=below, offset=offset, limit=SHOWN)
    page = DatasetQualityPage(
        frame=frame_of(request),
        dataset=dataset,
        models=workspace.models.list(),
        pictures=QualityPictures(dataset=dataset, report=report),
        page=found,
        reason=reason,
        previous=max(0, offset - SHOWN) if offset else None,
        following=offset + SHOWN if found and offset + SHOWN < found.total else None,
    )
    return render(page)


@router.post("/{reference}/quality")
def score(request: Request, reference: str, base: Annotated[str, Form(max_length=4096)] = "") -> HTMLResponse:
    """Answers when it is done. An empty base counts no tokens."""
    workspace = workspace_of(request)
    dataset = workspace.datasets.get(reference)
    report = workspace.quality.score(dataset.dataset_id, base=base or None)
    return render(QualityPictures(dataset=dataset, report=report))
