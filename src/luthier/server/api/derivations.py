"""Datasets made from datasets over HTTP: derive, lineage, difference, search."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from luthier.domain.datasets import FoundRows, Role
from luthier.domain.derivations import DatasetDiff, DiffKind, DiffPage, Lineage, request_from
from luthier.server.api.access import PROBLEMS, OpenWorkspace, Reference
from luthier.server.api.dataset_jobs import DatasetJobView
from luthier.server.api.paging import Limit
from luthier.server.api.views import shown_lineage

router = APIRouter(prefix="/datasets", tags=["datasets"], responses=PROBLEMS)

OtherReference = Annotated[str, Field(min_length=1, max_length=300)]


class Derive(BaseModel):
    """What to make of a dataset. The parameters are those of the command `luthier datasets WHAT`."""

    what: Literal["split", "mix", "dedupe", "filter", "repair", "redact", "balance", "augment", "paraphrase"]
    parameters: dict[str, Any] = Field(default={}, description="what is left out has its default")
    others: list[OtherReference] = Field(default=[], max_length=99, description="for a mix: the other datasets")
    name: str | None = Field(default=None, min_length=1, max_length=120, description="default: the next version")


class Comparison(BaseModel):
    before: OtherReference
    after: OtherReference


Before = Annotated[str, Query(min_length=1, max_length=300)]
After = Annotated[str, Query(min_length=1, max_length=300)]


@router.post("/diff", status_code=202)
def compare_datasets(workspace: OpenWorkspace, wanted: Comparison) -> DatasetJobView:
    """Compares in the background, so that asking for the difference takes no time afterwards."""
    return DatasetJobView.of(workspace.dataset_jobs.compare(wanted.before, wanted.after))


@router.get("/diff")
def diff_datasets(
    workspace: OpenWorkspace,
    before: Before,
    after: After,
    limit: Limit = 5,
) -> DatasetDiff:
    """What became of the rows of `before` in `after`, with the first of each kind. Reads both the first time."""
    return workspace.derivations.diff(before, after, limit)


@router.get("/diff/rows")
def get_difference_rows(
    workspace: OpenWorkspace,
    before: Before,
    after: After,
    kind: DiffKind,
    offset: Annotated[int, Query(ge=0, lt=2**63)] = 0,
    limit: Limit = 20,
) -> DiffPage:
    """The rows of one kind, page by page."""
    return workspace.derivations.differences.page(before, after, kind, offset, limit)


@router.post("/{reference}/derive", status_code=202)
def derive_dataset(workspace: OpenWorkspace, reference: Reference, wanted: Derive) -> DatasetJobView:
    """Makes a new dataset in the background; the old one stays as it is."""
    request = request_from(wanted.what, wanted.parameters)
    return DatasetJobView.of(workspace.dataset_jobs.derive([reference, *wanted.others], request, name=wanted.name))


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
