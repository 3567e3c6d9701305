"""Two to five runs side by side, sorted by what the address says."""

from dataclasses import dataclass
from typing import Annotated, ClassVar
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from luthier.domain.comparisons import RunComparison
from luthier.server.web.context import Context
from luthier.server.web.frame import Frame, frame_of, workspace_of
from luthier.server.web.rendering import render

router = APIRouter(prefix="/runs/compare", include_in_schema=False)


@dataclass(frozen=True, slots=True)
class ComparePage(Context):
    template: ClassVar[str] = "pages/compare.html"

    frame: Frame
    compared: RunComparison
    sort: str
    query: str  # the runs, as addresses name them


@router.get("")
def compare(
    request: Request,
    run: Annotated[list[str] | None, Query()] = None,
    sort: Annotated[str, Query(max_length=40)] = "",
) -> HTMLResponse:
    compared = workspace_of(request).comparisons.of(run or (), sort)
    query = urlencode([("run", found.run_id) for found in compared.runs])
    return render(ComparePage(frame=frame_of(request), compared=compared, sort=sort, query=query))
