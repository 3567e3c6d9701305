"""Quality of datasets over HTTP: scores with their reasons, the report, and the examples behind them."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from pydantic.json_schema import SkipJsonSchema

from luthier.domain.quality import QualityPage, QualityReport
from luthier.server.api.access import PROBLEMS, OpenWorkspace, Reference
from luthier.server.api.paging import Limit

router = APIRouter(prefix="/datasets", tags=["datasets"], responses=PROBLEMS)


class Scoring(BaseModel):
    base: str | None = Field(default=None, max_length=4096, description="count tokens under this model, too")
    against: str | None = Field(default=None, max_length=4096, description="a dataset or file to find leaks in")
    max_length: int | None = Field(default=None, ge=1, le=2**31, description="tokens; the model's context if left out")


@router.post("/{reference}/quality")
def score_dataset(workspace: OpenWorkspace, reference: Reference, scoring: Scoring) -> QualityReport:
    """Answers when it is done; a million examples take minutes, and what was made before takes none."""
    return workspace.quality.score(reference, base=scoring.base, against=scoring.against, max_length=scoring.max_length)


@router.get("/{reference}/quality/examples")
def get_doubted_examples(
    workspace: OpenWorkspace,
    reference: Reference,
    reason: Annotated[
        str | SkipJsonSchema[None], Query(max_length=40, description="a reason, or a family of reasons")
    ] = None,
    below: Annotated[float | SkipJsonSchema[None], Query(ge=0, le=1.01, description="scores less than this")] = None,
    against: Annotated[str | SkipJsonSchema[None], Query(max_length=300, description="as it was scored")] = None,
    offset: Annotated[int, Query(ge=0, lt=2**63)] = 0,
    limit: Limit = 20,
) -> QualityPage:
    """Those with a reason, those below a score, or all, in the dataset's order."""
    return workspace.quality.examples(
        reference, reason=reason, below=below, against=against, offset=offset, limit=limit
    )
