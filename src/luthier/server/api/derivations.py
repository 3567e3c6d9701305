"""Datasets made from datasets over HTTP: derive, lineage, difference, search."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from luthier.domain.datasets import FoundRows, Role
from luthier.domain.derivations import DatasetDiff, Lineage, request_from
from luthier.server.api.access import PROBLEMS, OpenWorkspace, Reference
from luthier.server.api.paging import Limit
from luthier.server.api.views import DatasetView, shown_lineage

router = APIRouter(prefix="/datasets", tags=["datasets"], responses=PROBLEMS)

OtherReference = Annotated[str, Field(min_length=1, max_length=300)]


class Derive(BaseModel):
    """What to make of a dataset. The parameters are those of the command `luthier datasets WHAT`."""

    what: Literal["split", "mix", "dedupe", "filter", "repair", "redact", "balance", "augment"]
    parameters: dict[str, Any] = Field(default={}, description="what is left out has its default")
    others: list[OtherReference] = Field(default=[], max_length=99, description="for a mix: the other datasets")
    name: str | None = Field(default=None, min_length=1, max_length=120, description="default: the next version")


class Made(BaseModel):
    datasets: list[DatasetView] = Field(description="one, or each side of a split")


@router.get("/diff")
def diff_datasets(
    workspace: OpenWorkspace,
    before: Annotated[str, Query(min_length=1, max_length=300)],
    after: Annotated[str, Query(min_length=1, max_length=300)],
    limit: Limit = 5,
) -> DatasetDiff:
    """What became of the rows of `before` in `after`, with the first of each kind."""
    return workspace.derivations.diff(before, after, limit)


@router.post("/{reference}/derive", status_code=201)
def derive_dataset(workspace: OpenWorkspace, reference: Reference, wanted: Derive) -> Made:
    """Makes a new dataset; the old one stays as it is."""
    request = request_from(wanted.what, wanted.parameters)
    made = workspace.derivations.derive([reference, *wanted.others], request, name=wanted.name)
    return Made(datasets=[DatasetView.of(dataset) for dataset in made])


@router.get("/{reference}/lineage")
def get_lineage(workspace: OpenWorkspace, reference: Reference) -> Lineage:
    """Everything it was made from, back to the files."""
    return shown_lineage(workspace.derivations.lineage(reference))


@router.get("/{reference}/search")
def search_rows(
    workspace: OpenWorkspace,
    reference: Reference,
    text: Annotated[str, Query(min_length=1, max_length=1_000)],
    role: Annotated[Role | None, Query(description="only in what this role says")] = None,
    after: Annotated[int, Query(ge=0, lt=2**63, description="`next` of the page before")] = 0,
    limit: Limit = 20,
) -> FoundRows:
    """Looks at a bounded number of rows; a page can be empty although `next` says that there is more to look at."""
    return workspace.datasets.search(workspace.datasets.get(reference), text, role, after=after, limit=limit)
