"""Runs side by side over HTTP: a few of them or a whole sweep, and curves of a few over one axis."""

from collections.abc import Mapping
from typing import Annotated, Any, Self

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from pydantic.json_schema import SkipJsonSchema

from luthier.domain.comparisons import Axis, Difference, Metric, RunComparison, RunCurve, Verdict
from luthier.domain.queues import Place
from luthier.server.api.access import PROBLEMS, OpenWorkspace
from luthier.server.api.views import RunView
from luthier.workspace import Workspace

router = APIRouter(prefix="/runs", tags=["runs"], responses=PROBLEMS)

Runs = Annotated[list[str], Query(alias="run", description="names or ids of two to five runs")]
SortedBy = Annotated[
    str | SkipJsonSchema[None], Query(max_length=40, description="name of a metric: the best of it stands first")
]


class ComparisonView(BaseModel):
    runs: list[RunView]
    metrics: list[Metric] = Field(description="one figure of every run, in the order of the runs")
    differences: list[Difference] = Field(description="values of recipes and plans that are not the same in all")
    verdicts: list[Verdict] = Field(description="which run is proven better than which, on the same held-out examples")
    doubts: list[str] = Field(description="what makes some figures incomparable")

    @classmethod
    def of(cls, compared: RunComparison, places: Mapping[str, Place]) -> Self:
        own: dict[str, Any] = {name: getattr(compared, name) for name in cls.model_fields if name != "runs"}
        return cls(runs=[RunView.of(run, places.get(run.run_id)) for run in compared.runs], **own)


@router.get("/compare")
def compare_runs(workspace: OpenWorkspace, run: Runs, sort: SortedBy = None) -> ComparisonView:
    return _view(workspace, workspace.comparisons.of(run, sort))


@router.get("/sweeps/{sweep_id}/comparison")
def compare_sweep(workspace: OpenWorkspace, sweep_id: str, sort: SortedBy = None) -> ComparisonView:
    """All its runs, however many, with the best of each figure."""
    return _view(workspace, workspace.comparisons.of_sweep(sweep_id, sort))


@router.get("/compare/curves")
def compare_curves(
    workspace: OpenWorkspace,
    run: Runs,
    name: Annotated[str, Query(max_length=80, description="of the metric")] = "loss",
    axis: Annotated[Axis, Query(description="what a curve is drawn over; tokens and seconds are of training")] = "step",
    most_points: Annotated[int, Query(ge=4, le=20_000, description="of each curve")] = 1_000,
) -> list[RunCurve]:
    return list(workspace.comparisons.curves(run, name, axis, most_points))


def _view(workspace: Workspace, compared: RunComparison) -> ComparisonView:
    return ComparisonView.of(compared, {place.run_id: place for place in workspace.queue.places()})
