"""The rows of a dataset: paged, searched, and as a base model sees them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse

from luthier.domain.datasets import Dataset, Role
from luthier.domain.errors import LuthierError, Problem
from luthier.domain.models import BaseModelNotFound
from luthier.domain.preflight import ShownRow
from luthier.server.web.context import Context
from luthier.server.web.frame import workspace_of
from luthier.server.web.rendering import render
from luthier.workspace import Workspace

router = APIRouter(prefix="/datasets", include_in_schema=False)

SHOWN = 10
_FAR = 2**53


@dataclass(frozen=True, slots=True)
class RowQuery:
    """Which rows, and how they are shown. With `q` the rows that say it, from `offset` on."""

    offset: Annotated[int, Query(ge=0, le=_FAR)] = 0
    q: Annotated[str, Query(max_length=400)] = ""
    role: Role | Literal[""] = ""
    base: Annotated[str, Query(max_length=4096)] = ""

    def at(self, offset: int | None) -> str:
        """The same question from another place on, as a query string; empty when there is no such place."""
        if offset is None:
            return ""
        given = {"offset": offset, "q": self.q, "role": str(self.role), "base": self.base}
        return urlencode({name: value for name, value in given.items() if value})


@dataclass(frozen=True, slots=True)
class DatasetRows(Context):
    template: ClassVar[str] = "fragments/dataset_rows.html"

    dataset: Dataset
    query: RowQuery
    rows: Sequence[dict[str, Any]]
    positions: Sequence[int]  # of the rows, counted from 0
    tokens: Sequence[ShownRow]  # beside the rows, when a base was chosen
    problem: Problem | None  # why there are no tokens
    bases: Sequence[str]
    roles: Sequence[Role]
    previous: str  # query strings of the pages beside this one
    following: str
    searched: int  # rows that were looked through


AskedRows = Annotated[RowQuery, Depends()]


@router.get("/{reference}/rows")
def rows(request: Request, reference: str, query: AskedRows) -> HTMLResponse:
    workspace = workspace_of(request)
    dataset = workspace.datasets.get(reference)
    response = render(dataset_rows(workspace, dataset, query))
    asked = query.at(query.offset)
    response.headers["HX-Push-Url"] = f"/datasets/{dataset.dataset_id}" + (f"?{asked}" if asked else "")
    return response


def dataset_rows(workspace: Workspace, dataset: Dataset, query: RowQuery) -> DatasetRows:
    found = _found(workspace, dataset, query)
    first = found.positions[0] if found.positions else 0
    tokens: Sequence[ShownRow] = ()
    problem = None
    if query.base and found.positions:
        try:
            if not workspace.models.is_here(query.base):  # looking at a page must not fetch a model
                raise BaseModelNotFound(name=query.base)
            tokens = workspace.tokens.rows(dataset, found.positions, query.base)
        except LuthierError as error:
            problem = error.problem
    return DatasetRows(
        dataset=dataset,
        query=query,
        rows=found.rows,
        positions=found.positions,
        tokens=tokens,
        problem=problem,
        bases=[model.name for model in workspace.models.list()],
        roles=tuple(Role),
        previous=query.at(max(0, first - SHOWN)) if first and not query.q else "",
        following=query.at(found.following),
        searched=found.searched,
    )


@dataclass(frozen=True, slots=True)
class _Found:
    rows: Sequence[dict[str, Any]]
    positions: Sequence[int]
    following: int | None
    searched: int = 0


def _found(workspace: Workspace, dataset: Dataset, query: RowQuery) -> _Found:
    if query.q:
        page = workspace.datasets.search(dataset, query.q, query.role or None, after=query.offset, limit=SHOWN)
        return _Found(page.rows, page.positions, page.next, page.scanned)
    offset = min(query.offset, max(0, dataset.examples - 1))
    rows = workspace.datasets.preview(dataset, offset, SHOWN)
    following = offset + SHOWN if offset + SHOWN < dataset.examples else None
    return _Found(rows, range(offset, offset + len(rows)), following)
