"""The list of runs: filtered and sorted by its address, one page at a time."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from luthier.domain.queues import Place
from luthier.domain.run_states import ACTIVE, RunState
from luthier.domain.runs import Run
from luthier.kit.frozen import Frozen
from luthier.server.web.context import Context
from luthier.server.web.frame import Frame, frame_of, workspace_of
from luthier.server.web.rendering import render

router = APIRouter(include_in_schema=False)

PAGE_SIZE = 25
MOST_SORTED = 1000  # runs that are sorted by something else than their age; the newest ones

Group = Literal["all", "active", "paused", "completed", "failed", "cancelled"]
Order = Literal["newest", "oldest", "name", "loss", "duration"]

GROUPS: dict[Group, frozenset[RunState] | None] = {
    "all": None,
    "active": ACTIVE | {RunState.QUEUED},
    "paused": frozenset({RunState.PAUSED}),
    "completed": frozenset({RunState.COMPLETED}),
    "failed": frozenset({RunState.FAILED}),
    "cancelled": frozenset({RunState.CANCELLED}),
}

_SORTS: dict[Order, Callable[[Run], Any]] = {
    "oldest": lambda run: run.created_at,
    "name": lambda run: run.name,
    "loss": lambda run: (run.loss is None, run.loss),
    "duration": lambda run: -run.training_seconds,
}


class Asked(Frozen):
    """What the address says; every view of the list can be linked."""

    state: Group = "all"
    sort: Order = "newest"
    before: str | None = None  # cursor of the order "newest": the last run of the page before
    skip: Annotated[int, Query(ge=0, le=MOST_SORTED)] = 0  # cursor of the other orders

    def address(self, **changes: Any) -> str:
        asked = {**self.model_dump(exclude_defaults=True), **changes}
        query = urlencode({name: value for name, value in asked.items() if value is not None})
        return f"/runs?{query}" if query else "/runs"


@dataclass(frozen=True, slots=True)
class RunsTable(Context):
    template: ClassVar[str] = "fragments/runs_table.html"

    runs: Sequence[Run]
    places: Mapping[str, Place]  # of those that wait, by their id
    asked: Asked
    groups: Sequence[Group]
    next_address: str | None
    cut_off: bool  # only the newest MOST_SORTED took part in the sorting
    now: datetime


@dataclass(frozen=True, slots=True)
class RunsPage(Context):
    template: ClassVar[str] = "pages/runs.html"

    frame: Frame
    table: RunsTable


@router.get("/runs")
def runs(request: Request, asked: Annotated[Asked, Query()]) -> HTMLResponse:
    frame = frame_of(request)
    table = (_newest if asked.sort == "newest" else _sorted)(request, asked, frame.now)
    if request.headers.get("hx-target") == "runs-table":
        return render(table)
    return render(RunsPage(frame=frame, table=table))


def _newest(request: Request, asked: Asked, now: datetime) -> RunsTable:
    found = workspace_of(request).runs.list(PAGE_SIZE + 1, GROUPS[asked.state], before=asked.before)
    shown = found[:PAGE_SIZE]
    following = asked.address(before=shown[-1].run_id) if len(found) > PAGE_SIZE else None
    return RunsTable(
        runs=shown,
        places=_places(request),
        asked=asked,
        groups=tuple(GROUPS),
        next_address=following,
        cut_off=False,
        now=now,
    )


def _sorted(request: Request, asked: Asked, now: datetime) -> RunsTable:
    found = workspace_of(request).runs.list(MOST_SORTED, GROUPS[asked.state])
    ordered = sorted(found, key=_SORTS[asked.sort])
    end = asked.skip + PAGE_SIZE
    return RunsTable(
        runs=ordered[asked.skip : end],
        places=_places(request),
        asked=asked,
        groups=tuple(GROUPS),
        next_address=asked.address(skip=end) if len(ordered) > end else None,
        cut_off=len(found) == MOST_SORTED,
        now=now,
    )


def _places(request: Request) -> dict[str, Place]:
    return {place.run_id: place for place in workspace_of(request).queue.places()}
