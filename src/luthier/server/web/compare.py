"""Two to five runs side by side, and all runs of a sweep in one table; sorted by what the address says."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from luthier.domain.comparisons import MOST, RunComparison
from luthier.domain.runs import Run
from luthier.server.web.context import Context
from luthier.server.web.frame import Frame, frame_of, workspace_of
from luthier.server.web.rendering import render

router = APIRouter(prefix="/runs", include_in_schema=False)


@dataclass(frozen=True, slots=True)
class ComparePage(Context):
    template: ClassVar[str] = "pages/compare.html"

    frame: Frame
    compared: RunComparison
    sort: str
    query: str  # the runs, as addresses name them


@dataclass(frozen=True, slots=True)
class SweepPage(Context):
    template: ClassVar[str] = "pages/sweep.html"

    frame: Frame
    sweep_id: str
    compared: RunComparison
    sort: str
    drawn: Sequence[Run]  # the first ones in this order: more curves could not be told apart
    query: str  # those, as addresses name them


SortedBy = Annotated[str, Query(max_length=40)]


@router.get("/compare")
def compare(request: Request, run: Annotated[list[str] | None, Query()] = None, sort: SortedBy = "") -> HTMLResponse:
    compared = workspace_of(request).comparisons.of(run or [], sort)
    return render(ComparePage(frame=frame_of(request), compared=compared, sort=sort, query=_query_of(compared.runs)))


@router.get("/sweeps/{sweep_id}")
def sweep(request: Request, sweep_id: str, sort: SortedBy = "") -> HTMLResponse:
    compared = workspace_of(request).comparisons.of_sweep(sweep_id, sort)
    drawn = compared.runs[:MOST]
    return render(
        SweepPage(
            frame=frame_of(request),
            sweep_id=sweep_id,
            compared=compared,
            sort=sort,
            drawn=drawn,
            query=_query_of(drawn),
        )
    )


def _query_of(runs: Sequence[Run]) -> str:
    return urlencode([("run", run.run_id) for run in runs])
