"""Runs over HTTP: submitted, told what to do, and everything that one left behind."""

import math
from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field
from pydantic.json_schema import SkipJsonSchema

from luthier.domain.answers import QuestionOverTime
from luthier.domain.curves import Curve, Mark, StepRange
from luthier.domain.evaluations import EvaluationReport
from luthier.domain.health import RemedyName
from luthier.domain.jobs import Alert, Sample
from luthier.domain.logs import LogLevel
from luthier.domain.plans import Plan
from luthier.domain.preflight import PreflightReport
from luthier.domain.queues import Priority
from luthier.domain.recipes import Method, Recipe
from luthier.domain.run_queries import RunQuery, RunSort
from luthier.domain.run_states import RunState
from luthier.domain.runs import ReportNotThere, Run
from luthier.server.api.access import PROBLEMS, OpenWorkspace, Reference
from luthier.server.api.paging import Cursor, Limit, Page
from luthier.server.api.views import (
    CheckpointView,
    CloneChanges,
    LogTail,
    RemediesView,
    RunView,
    Series,
    SweepForecastView,
    SweepRequest,
)

router = APIRouter(prefix="/runs", tags=["runs"], responses=PROBLEMS)


class RunsAsked(BaseModel):
    state: list[RunState] | SkipJsonSchema[None] = Field(None, description="only runs in one of these states")
    method: Method | SkipJsonSchema[None] = Field(None, description="only of this method")
    base: str = Field("", max_length=4096, description="only from this base, as the recipe names it")
    text: str = Field("", max_length=200, description="words; each stands in the name, the base or the data")
    sweep: str = Field("", max_length=64, description="only of this sweep")
    sort: RunSort = Field("made", description="newest, fastest and longest come first, the others from the lowest")
    reverse: bool = Field(False, description="the other way round")
    limit: Limit = 50
    cursor: Cursor = None

    @property
    def query(self) -> RunQuery:
        states = None if self.state is None else frozenset(self.state)
        return RunQuery(states=states, **self.model_dump(exclude={"state", "limit", "cursor"}))


@router.get("")
def list_runs(workspace: OpenWorkspace, asked: Annotated[RunsAsked, Query()]) -> Page[RunView]:
    """The newest first, unless another order is asked for; what is not known comes last in each."""
    found = workspace.runs.matching(asked.query, asked.limit + 1, asked.cursor)
    shown = found[: asked.limit]
    places = {place.run_id: place for place in workspace.queue.places()}
    views = [RunView.of(run, places.get(run.run_id)) for run in shown]
    return Page(items=views, next=shown[-1].run_id if len(found) > asked.limit else None)


@router.post("", status_code=201)
def submit_run(
    workspace: OpenWorkspace,
    recipe: Recipe,
    response: Response,
    priority: Annotated[Priority, Query(description="its turn in the queue")] = Priority.NORMAL,
) -> RunView:
    """Checks the data, makes the plan and queues the run. Nothing is queued when any of it fails."""
    run = workspace.runs.submit(recipe, priority=priority)
    response.headers["location"] = f"/api/v1/runs/{run.run_id}"
    return _view(workspace, run)


@router.post("/sweeps", status_code=201)
def submit_sweep(workspace: OpenWorkspace, sweep: SweepRequest) -> list[RunView]:
    """A run for every combination of values. All are planned before any is queued."""
    runs = workspace.runs.sweep(sweep.recipe, sweep.values, priority=sweep.priority)
    return [_view(workspace, run) for run in runs]


@router.post("/sweeps/forecast")
def forecast_sweep(workspace: OpenWorkspace, sweep: SweepRequest) -> SweepForecastView:
    """What all its runs would take on this machine; nothing is queued."""
    return SweepForecastView.of(workspace.sweeps.forecast(sweep.recipe, sweep.values))


@router.get("/sweeps/{sweep_id}")
def get_sweep(workspace: OpenWorkspace, sweep_id: str) -> list[RunView]:
    """Its runs, in the order in which they were asked for."""
    return [_view(workspace, run) for run in workspace.runs.of_sweep(sweep_id)]


@router.get("/{reference}")
def get_run(workspace: OpenWorkspace, reference: Reference) -> RunView:
    return _view(workspace, workspace.runs.get(reference))


@router.get("/{reference}/plan")
def get_plan(workspace: OpenWorkspace, reference: Reference) -> Plan:
    """What was decided, each value with its reason."""
    return workspace.runs.get(reference).plan


@router.post("/{reference}/pause")
def pause_run(workspace: OpenWorkspace, reference: Reference) -> RunView:
    """Parks it with a checkpoint; resuming goes on exactly from there."""
    return _view(workspace, workspace.runs.pause(reference))


@router.post("/{reference}/resume")
def resume_run(workspace: OpenWorkspace, reference: Reference) -> RunView:
    """Goes on from the newest checkpoint, for a run that is paused, failed or stopped."""
    return _view(workspace, workspace.runs.resume(reference))


@router.get("/{reference}/remedies")
def list_remedies(workspace: OpenWorkspace, reference: Reference) -> RemediesView:
    """What went wrong with a run that rests over it, what can be done about it, and what has been done before."""
    run = workspace.runs.get(reference)
    return RemediesView(anomaly=run.anomaly, offers=list(workspace.runs.offers(reference)), applied=list(run.remedies))


@router.post("/{reference}/remedies/{remedy}")
def apply_remedy(workspace: OpenWorkspace, reference: Reference, remedy: RemedyName) -> RunView:
    """Goes on under one of the remedies that are offered."""
    return _view(workspace, workspace.runs.remedy(reference, remedy))


@router.post("/{reference}/stop")
def stop_run(workspace: OpenWorkspace, reference: Reference) -> RunView:
    """Ends it with a checkpoint that is kept."""
    return _view(workspace, workspace.runs.stop(reference))


@router.post("/{reference}/retry")
def retry_run(workspace: OpenWorkspace, reference: Reference) -> RunView:
    """Begins a failed or cancelled run again from its first step."""
    return _view(workspace, workspace.runs.retry(reference))


@router.post("/{reference}/cancel")
def cancel_run(workspace: OpenWorkspace, reference: Reference) -> RunView:
    """Ends it for good and throws its checkpoints away."""
    return _view(workspace, workspace.runs.cancel(reference))


@router.post("/{reference}/clone", status_code=201)
def clone_run(workspace: OpenWorkspace, reference: Reference, changes: CloneChanges, response: Response) -> RunView:
    """A new run from the same recipe, planned anew, with some settings changed."""
    run = workspace.runs.clone(reference, changes.as_recipe_changes(), priority=changes.priority)
    response.headers["location"] = f"/api/v1/runs/{run.run_id}"
    return _view(workspace, run)


@router.get("/{reference}/metrics")
def get_metrics(
    workspace: OpenWorkspace,
    reference: Reference,
    name: Annotated[list[str] | SkipJsonSchema[None], Query(description="only these, e.g. loss, held_out_loss")] = None,
    after_step: Annotated[int, Query(ge=-1, lt=2**63, description="step 0 is the base model")] = -1,
    most_points: Annotated[int, Query(ge=4, le=100_000, description="of each curve; extremes are kept")] = 2_000,
) -> list[Series]:
    return [
        Series(
            name=metric,
            points=[(point.step, point.value if math.isfinite(point.value) else None) for point in points],
        )
        for metric, points in workspace.curves.thinned(reference, name, after_step, most_points).items()
    ]


@router.get("/{reference}/curves")
def get_curves(
    workspace: OpenWorkspace,
    reference: Reference,
    name: Annotated[list[str] | SkipJsonSchema[None], Query(description="of these metrics; default: loss")] = None,
    first_step: Annotated[int, Query(ge=0, lt=2**63, description="step 0 is the base model")] = 0,
    last_step: Annotated[int | SkipJsonSchema[None], Query(ge=0, lt=2**63, description="default: the newest")] = None,
    buckets: Annotated[int, Query(ge=2, le=4_000, description="at most, of each curve")] = 600,
) -> list[Curve]:
    """For drawing: mean, lowest and highest of each stretch of steps, and what a loss did in each zone of the range."""
    steps = StepRange(first_step=first_step, last_step=last_step)
    return workspace.curves.curves(reference, name or ("loss",), steps, buckets)


@router.get("/{reference}/marks")
def list_marks(workspace: OpenWorkspace, reference: Reference) -> list[Mark]:
    """What happened at which step: kept checkpoints, alerts, changes of state."""
    return workspace.curves.marks(reference)


@router.get("/{reference}/checkpoints")
def list_checkpoints(workspace: OpenWorkspace, reference: Reference) -> list[CheckpointView]:
    return [CheckpointView.of(checkpoint) for checkpoint in workspace.runs.checkpoints(reference)]


@router.get("/{reference}/log")
def get_log(
    workspace: OpenWorkspace,
    reference: Reference,
    lines: Annotated[int, Query(ge=1, le=5_000)] = 200,
    level: Annotated[LogLevel, Query(description="the least grave; output is what libraries printed")] = "output",
    attempt: Annotated[int | SkipJsonSchema[None], Query(ge=1, lt=2**31, description="default: the newest")] = None,
) -> LogTail:
    """The end of what a worker logged."""
    return LogTail(lines=workspace.logs.tail(reference, lines, level, attempt).lines)


@router.get("/{reference}/preflight")
def get_preflight(workspace: OpenWorkspace, reference: Reference) -> PreflightReport:
    """What was proved about the examples, token by token, before the first step."""
    report = workspace.runs.preflight(reference)
    if report is None:
        raise _not_there(workspace, reference, "preflight report")
    return report


@router.get("/{reference}/preflight.html", response_class=Response, responses={200: {"content": {"text/html": {}}}})
def download_preflight(workspace: OpenWorkspace, reference: Reference) -> Response:
    """The same as one page to keep. It is sent as a file, because it shows what stands in the user's data."""
    page = workspace.runs.preflight_html(reference)
    if page is None:
        raise _not_there(workspace, reference, "preflight report")
    headers = {"content-disposition": 'attachment; filename="preflight.html"'}
    return Response(page, media_type="text/html", headers=headers)


@router.get("/{reference}/evaluation")
def get_evaluation(workspace: OpenWorkspace, reference: Reference) -> EvaluationReport:
    """The proof: base and tuned model on the same held-out examples."""
    report = workspace.runs.evaluation(reference)
    if report is None:
        raise _not_there(workspace, reference, "evaluation")
    return report


@router.get("/{reference}/samples")
def list_samples(workspace: OpenWorkspace, reference: Reference) -> list[Sample]:
    """The same prompts, answered before and after."""
    return workspace.runs.samples(reference)


@router.get("/{reference}/answers")
def list_answers(workspace: OpenWorkspace, reference: Reference) -> list[QuestionOverTime]:
    """A few held-out prompts, and what the model said to them at one measurement after the other."""
    return workspace.samples.over_time(reference)


@router.get("/{reference}/alerts")
def list_alerts(workspace: OpenWorkspace, reference: Reference) -> list[Alert]:
    """What the worker or its supervisor warned of, with causes and evidence, oldest first."""
    return workspace.runs.alerts(reference)


def _view(workspace: OpenWorkspace, run: Run) -> RunView:
    return RunView.of(run, workspace.queue.place_of(run.run_id))


def _not_there(workspace: OpenWorkspace, reference: str, what: str) -> ReportNotThere:
    run = workspace.runs.get(reference)
    return ReportNotThere(run=run.name, state=run.state.value, what=what)
