"""The page that says what became of the rows of one dataset in another."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, ClassVar
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import HTMLResponse

from luthier.domain.datasets import Dataset
from luthier.domain.derivations import Change, DatasetDiff, DiffKind
from luthier.server.web.context import Context
from luthier.server.web.dataset_jobs import JobCard, begun, unfinished
from luthier.server.web.frame import Frame, frame_of, workspace_of
from luthier.server.web.marked_texts import Turn, turns_of
from luthier.server.web.rendering import render
from luthier.workspace import Workspace

router = APIRouter(prefix="/datasets/diff", include_in_schema=False)

SHOWN = 10
_AT_ONCE = 20_000  # rows of both that are compared while the page is made; more are compared in the background
_KINDS: tuple[DiffKind, ...] = ("changed", "removed", "added")


@dataclass(frozen=True, slots=True)
class DiffQuery:
    """Which two; without a kind the first that any row is of."""

    before: Annotated[str, Query(max_length=300)] = ""
    after: Annotated[str, Query(max_length=300)] = ""
    kind: DiffKind | None = None
    offset: Annotated[int, Query(ge=0, lt=2**53)] = 0


@dataclass(frozen=True, slots=True)
class ShownChange:
    """`turns` of a row that is in both, else the row itself."""

    turns: Sequence[Turn]
    row: dict[str, Any]
    number: int  # of the row, where it stands now, or stood


@dataclass(frozen=True, slots=True)
class DiffRows:
    kind: DiffKind
    total: int
    changes: Sequence[ShownChange]
    previous: str  # query strings of the pages beside this one
    following: str


@dataclass(frozen=True, slots=True)
class DiffPageView(Context):
    template: ClassVar[str] = "pages/dataset_diff.html"

    frame: Frame
    query: DiffQuery
    datasets: Sequence[Dataset]
    working: Sequence[JobCard]
    diff: DatasetDiff | None  # None until two are chosen and compared
    kinds: Sequence[tuple[DiffKind, int]]
    rows: DiffRows | None
    must_compare: bool  # whether that is yet to be done, in the background


@router.get("")
def difference(request: Request, query: Annotated[DiffQuery, Depends()]) -> HTMLResponse:
    workspace = workspace_of(request)
    query = replace(query, before=_label(workspace, query.before), after=_label(workspace, query.after))
    chosen = bool(query.before and query.after)
    ready = chosen and _is_quick(workspace, query)
    diff = workspace.derivations.diff(query.before, query.after, 0) if ready else None
    kinds = [(kind, int(getattr(diff, kind))) for kind in _KINDS] if diff else []
    page = DiffPageView(
        frame=frame_of(request),
        query=query,
        datasets=workspace.datasets.list(),
        working=unfinished(workspace, [query.before, query.after]) if chosen and not ready else (),
        diff=diff,
        kinds=kinds,
        rows=_rows(workspace, query, query.kind or _first_kind(kinds)) if diff else None,
        must_compare=chosen and not ready,
    )
    return render(page)


@router.post("")
def compare(request: Request, before: Annotated[str, Form()], after: Annotated[str, Form()]) -> HTMLResponse:
    return begun(workspace_of(request).dataset_jobs.compare(before, after))


def _label(workspace: Workspace, reference: str) -> str:
    return workspace.datasets.get(reference).label if reference else ""


def _is_quick(workspace: Workspace, query: DiffQuery) -> bool:
    rows = sum(workspace.datasets.get(each).examples for each in (query.before, query.after))
    return rows <= _AT_ONCE or workspace.derivations.differences.is_known(query.before, query.after)


def _first_kind(kinds: Sequence[tuple[DiffKind, int]]) -> DiffKind:
    return next((kind for kind, count in kinds if count), _KINDS[0])


def _rows(workspace: Workspace, query: DiffQuery, kind: DiffKind) -> DiffRows:
    page = workspace.derivations.differences.page(query.before, query.after, kind, query.offset, SHOWN)

    def at(offset: int) -> str:
        return urlencode({"before": query.before, "after": query.after, "kind": kind, "offset": offset})

    return DiffRows(
        kind=kind,
        total=page.total,
        changes=[_shown(change) for change in page.changes],
        previous=at(max(0, query.offset - SHOWN)) if query.offset else "",
        following=at(query.offset + SHOWN) if query.offset + SHOWN < page.total else "",
    )


def _shown(change: Change) -> ShownChange:
    turns = turns_of(change.before, change.after) if change.before and change.after else ()
    row = change.after or change.before
    assert row is not None
    return ShownChange(turns=turns, row=row, number=row["row"])
