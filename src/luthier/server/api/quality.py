"""Quality of datasets over HTTP: scores with their reasons, the report, and the examples behind them."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from pydantic.json_schema import SkipJsonSchema

from luthier.domain.quality import QualityNotScored, QualityPage, QualityReport
from luthier.server.api.access import PROBLEMS, OpenWorkspace, Reference
from luthier.server.api.dataset_jobs import DatasetJobView
from luthier.server.api.paging import Limit

router = APIRouter(prefix="/datasets", tags=["datasets"], responses=PROBLEMS)


Base = Annotated[str | SkipJsonSchema[None], Query(max_length=4096, description="with its token counts")]
Against = Annotated[str | SkipJsonSchema[None], Query(max_length=300, description="as it was scored")]


class Scoring(BaseModel):
    base: str | None = Field(default=None, max_length=4096, description="count tokens under this model, too")
    against: str | None = Field(default=None, max_length=4096, description="a dataset or file to find leaks in")
    max_length: int | None = Field(default=None, ge=1, le=2**31, description="tokens; the model's context if left out")


@router.post("/{reference}/quality", status_code=202)
def score_dataset(workspace: OpenWorkspace, reference: Reference, scoring: Scoring) -> DatasetJobView:
    """Scores in the background; what was made before takes no time. When it is done, get the report."""
    return DatasetJobView.of(workspace.dataset_jobs.score(reference, **scoring.model_dump()))


@router.get("/{reference}/quality")
def get_quality(
    workspace: OpenWorkspace,
    reference: Reference,
    base: Base = None,
    against: Against = None,
    max_length: Annotated[int | SkipJsonSchema[None], Query(ge=1, le=2**31)] = None,
) -> QualityReport:
    """The report that scoring in the same way has made."""
    report = workspace.quality.known(reference, base=base, against=against, max_length=max_length)
    if report is None:
        raise QualityNotScored(dataset=workspace.datasets.get(reference).label)
    return report


@router.get("/{reference}/quality/examples")
def get_doubted_examples(
    workspace: OpenWorkspace,
    reference: Reference,
    reason: Annotated[
        str | SkipJsonSchema[None], Query(max_length=40, description="a reason, or a family of reasons")
    ] = None,
    below: Annotated[float | SkipJsonSchema[None], Query(ge=0, le=1.01, description="scores less than this")] = None,
    against: Against = None,
    offset: Annotated[int, Query(ge=0, lt=2**63)] = 0,
    limit: Limit = 20,
) -> QualityPage:
    """Those with a reason, those below a score, or all, in the dataset's order; of a dataset that was scored."""
    return workspace.quality.examples(
        reference, reason=reason, below=below, against=against, offset=offset, limit=limit
    )
