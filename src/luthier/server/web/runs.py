"""The list of runs: filtered and sorted by its address, one page at a time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal, get_args
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from luthier.domain.queues import Place
from luthier.domain.recipes import Method
from luthier.domain.run_queries import RunQuery, RunSort
from luthier.domain.run_states import ACTIVE, RunState
from luthier.domain.runs import Run
from luthier.kit.frozen import Frozen
from luthier.server.web.context import Context
from luthier.server.web.frame import Frame, frame_of, workspace_of
from luthier.server.web.rendering import render

router = APIRouter(include_in_schema=False)

PAGE_SIZE = 25

Group = Literal["all", "active", "paused", "completed", "failed", "cancelled"]

GROUPS: dict[Group, frozenset[RunState] | None] = {
    "all": None,
    "active": ACTIVE | {RunState.QUEUED},
    "paused": frozenset({RunState.PAUSED}),
    "completed": frozenset({RunState.COMPLETED}),
    "failed": frozenset({RunState.FAILED}),
    "cancelled": frozenset({RunState.CANCELLED}),
}
SORTS: dict[RunSort, str] = {
    "made": "when it was made",
    "name": "name",
    "state": "state",
    "loss": "loss",
    "speed": "speed",
    "duration": "time of training",
}


class Asked(Frozen):
    """What the address says; every view of the list can be linked. A form sends what it leaves open as nothing."""

    state: Group = "all"
    method: Method | Literal[""] = ""
    base: Annotated[str, Query(max_length=4096)] = ""
    text: Annotated[str, Query(max_length=200)] = ""
    sweep: Annotated[str, Query(max_length=64)] = ""
    sort: RunSort = "made"
    reverse: bool = False
    before: str | None = None  # the last run of the page before

    @property
    def query(self) -> RunQuery:
        own = self.model_dump(exclude={"state", "method", "before"})
        return RunQuery(states=GROUPS[self.state], method=self.method or None, **own)

    @property
    def is_narrowed(self) -> bool:
        return bool(self.method or self.base or self.text or self.sweep)

    def address(self, **changes: Any) -> str:
        """Of the first page with these changes, or of the one that they name by `before`."""
        asked = {**self.model_dump(exclude_defaults=True, exclude={"before"}), **changes}
        query = urlencode({name: value for name, value in asked.items() if value})
        return f"/runs?{query}" if query else "/runs"

    def sorted_by(self, sort: RunSort) -> str:
        """The address that the head of a column leads to: its own order, and from there the other way round."""
        reverse = self.sort == sort and not self.reverse
        return self.address(sort=None if sort == "made" else sort, reverse="true" if reverse else None)


@dataclass(frozen=True, slots=True)
class RunsTable(Context):
    template: ClassVar[str] = "fragments/runs_table.html"

    runs: Sequence[Run]
    places: Mapping[str, Place]  # of those that wait, by their id
    asked: Asked
    groups: Sequence[Group]
    sorts: Mapping[RunSort, str]
    next_address: str | None
    now: datetime


@dataclass(frozen=True, slots=True)
class RunsPage(Context):
    template: ClassVar[str] = "pages/runs.html"

    frame: Frame
    table: RunsTable
    bases: Sequence[str]
    methods: Sequence[Method]


@router.get("/runs")
def runs(request: Request, asked: Annotated[Asked, Query()]) -> HTMLResponse:
    frame = frame_of(request)
    table = _table(request, asked, frame.now)
    if request.headers.get("hx-target") == "runs-table":
        part = render(table)
        part.headers["HX-Push-Url"] = asked.address(before=asked.before)
        return part
    bases = workspace_of(request).runs.bases()
    return render(RunsPage(frame=frame, table=table, bases=bases, methods=get_args(Method)))


def _table(request: Request, asked: Asked, now: datetime) -> RunsTable:
    workspace = workspace_of(request)
    found = workspace.runs.matching(asked.query, PAGE_SIZE + 1, asked.before)
    shown = found[:PAGE_SIZE]
    return RunsTable(
        runs=shown,
        places={place.run_id: place for place in workspace.queue.places()},
        asked=asked,
        groups=tuple(GROUPS),
        sorts=SORTS,
        next_address=asked.address(before=shown[-1].run_id) if len(found) > PAGE_SIZE else None,
        now=now,
    )
