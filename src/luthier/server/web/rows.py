"""The rows of a dataset: paged, searched, filtered by what scoring doubts, and as a base model sees them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, ClassVar, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse

from luthier.domain.datasets import Dataset, Role
from luthier.domain.errors import LuthierError, Problem
from luthier.domain.models import BaseModelNotFound
from luthier.domain.preflight import ShownRow
from luthier.domain.quality import ExampleQuality, QualityReport, Reason, ReasonCount
from luthier.server.web.context import Context
from luthier.server.web.frame import workspace_of
from luthier.server.web.rendering import render
from luthier.workspace import Workspace

router = APIRouter(prefix="/datasets", include_in_schema=False)

SHOWN = 10
_FAR = 2**53
_LIMITS = (1.0, 0.9, 0.7, 0.5, 0.3)  # scores that can be chosen from; the address takes any


@dataclass(frozen=True, slots=True)
class RowQuery:
    """Which rows, and how they are shown. With `q` those that say it, from row `offset` on; else a page."""

    offset: Annotated[int, Query(ge=0, le=_FAR)] = 0
    q: Annotated[str, Query(max_length=400)] = ""
    role: Role | Literal[""] = ""
    reason: Annotated[str, Query(max_length=40)] = ""
    below: Annotated[float, Query(ge=0, le=1.01)] | Literal[""] = ""
    base: Annotated[str, Query(max_length=4096)] = ""

    def at(self, offset: int | None) -> str:
        """The same question from another place on, as a query string; empty when there is no such place."""
        if offset is None:
            return ""
        given = {"offset": offset, "q": self.q, "role": str(self.role), "reason": self.reason}
        given |= {"below": f"{self.below:g}" if self.below != "" else "", "base": self.base}
        return urlencode({name: value for name, value in given.items() if value})

    @property
    def is_filtered(self) -> bool:
        return bool(self.reason) or self.below != ""

    @property
    def limits(self) -> tuple[float, ...]:
        """Scores that can be chosen, with the chosen one among them."""
        chosen = () if self.below == "" else (self.below,)
        return tuple(sorted({*_LIMITS, *chosen}, reverse=True))


@dataclass(frozen=True, slots=True)
class Row:
    """One example; `score` is None where nothing was scored."""

    example: dict[str, Any]
    position: int  # counted from 0
    score: float | None = None
    reasons: Sequence[Reason] = ()


@dataclass(frozen=True, slots=True)
class DatasetRows(Context):
    template: ClassVar[str] = "fragments/dataset_rows.html"

    dataset: Dataset
    query: RowQuery
    rows: Sequence[Row]
    total: int | None  # that the question finds; None where that is not known
    tokens: Sequence[ShownRow]  # beside the rows, when a base was chosen
    problem: Problem | None  # why there are no tokens, or no rows
    bases: Sequence[str]
    roles: Sequence[Role]
    reasons: Sequence[ReasonCount] | None  # that were found; None until the dataset is scored
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
    report = workspace.quality.known(dataset.label)
    found = _Found()
    tokens: Sequence[ShownRow] = ()
    problem = None
    try:
        found = _found(workspace, dataset, query, report)
        tokens = _tokens(workspace, dataset, found, query.base)
    except LuthierError as error:
        problem = error.problem
    return DatasetRows(
        dataset=dataset,
        query=query,
        rows=found.rows,
        total=found.total,
        tokens=tokens,
        problem=problem,
        bases=[model.name for model in workspace.models.list()],
        roles=tuple(Role),
        reasons=report.reasons if report else None,
        previous=query.at(found.previous),
        following=query.at(found.following),
        searched=found.searched,
    )


@dataclass(frozen=True, slots=True)
class _Found:
    rows: Sequence[Row] = ()
    total: int | None = None
    previous: int | None = None
    following: int | None = None
    searched: int = 0


def _found(workspace: Workspace, dataset: Dataset, query: RowQuery, report: QualityReport | None) -> _Found:
    reason, below = query.reason or None, None if query.below == "" else query.below
    if query.q:
        among = workspace.quality.positions(dataset.label, reason=reason, below=below) if query.is_filtered else None
        said = workspace.datasets.search(
            dataset, query.q, query.role or None, after=query.offset, limit=SHOWN, among=among
        )
        plain = [Row(*each) for each in zip(said.rows, said.positions, strict=True)]
        rows = _judged(workspace, dataset, plain) if report else plain
        return _Found(rows, following=said.next, searched=said.scanned)
    if query.is_filtered:
        page = workspace.quality.examples(dataset.label, reason=reason, below=below, offset=query.offset, limit=SHOWN)
        return _paged([_row(item) for item in page.items], page.total, query.offset)
    offset = min(query.offset, max(0, dataset.examples - 1))
    examples = workspace.datasets.preview(dataset, offset, SHOWN)
    plain = [Row(example, position) for position, example in enumerate(examples, offset)]
    return _paged(_judged(workspace, dataset, plain) if report else plain, dataset.examples, offset)


def _paged(rows: Sequence[Row], total: int, offset: int) -> _Found:
    previous = max(0, min(offset, total) - SHOWN) if offset else None
    return _Found(rows, total, previous, offset + SHOWN if offset + SHOWN < total else None)


def _judged(workspace: Workspace, dataset: Dataset, rows: Sequence[Row]) -> list[Row]:
    items = workspace.quality.judged(dataset, [row.position for row in rows])
    return [replace(row, score=item.score, reasons=item.reasons) for row, item in zip(rows, items, strict=True)]


def _row(item: ExampleQuality) -> Row:
    return Row(item.example, item.position, item.score, item.reasons)


def _tokens(workspace: Workspace, dataset: Dataset, found: _Found, base: str) -> Sequence[ShownRow]:
    if not base or not found.rows:
        return ()
    if not workspace.models.is_here(base):  # looking at a page must not fetch a model
        raise BaseModelNotFound(name=base)
    return workspace.tokens.rows(dataset, [row.position for row in found.rows], base)
