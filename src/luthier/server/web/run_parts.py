"""The parts of a run's page: each is looked up, and drawn, inside its page and alone."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from luthier.domain.evaluations import EvaluationReport
from luthier.domain.jobs import Alert, Sample
from luthier.domain.preflight import PreflightReport
from luthier.domain.run_states import ACTIVE, RunMove, RunState, allowed_moves
from luthier.domain.runs import Checkpoint, Run
from luthier.domain.truths import Truth, truths_of
from luthier.server.web.context import Context
from luthier.workspace import Workspace

LOG_LINES = 300
_SPREAD = 0.2  # of the time left that a mean over all steps so far can promise

HAND_MOVES = (RunMove.STOP, RunMove.RESUME, RunMove.CANCEL)  # the moves that belong to people


@dataclass(frozen=True, slots=True)
class Span:
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class RunHeader(Context):
    template: ClassVar[str] = "fragments/run_header.html"

    run: Run
    now: datetime
    moves: Sequence[RunMove]  # what a person can do with it now
    seconds_left: Span | None
    checkpoint_bytes: int


@dataclass(frozen=True, slots=True)
class RunAlerts(Context):
    template: ClassVar[str] = "fragments/run_alerts.html"

    run: Run
    alerts: Sequence[Alert]


@dataclass(frozen=True, slots=True)
class RunProof(Context):
    template: ClassVar[str] = "fragments/run_proof.html"

    run: Run
    evaluation: EvaluationReport | None
    samples: Sequence[Sample]


@dataclass(frozen=True, slots=True)
class RunTruth(Context):
    template: ClassVar[str] = "fragments/run_truth.html"

    run: Run
    truths: Sequence[Truth]


@dataclass(frozen=True, slots=True)
class RunCheckpoints(Context):
    template: ClassVar[str] = "fragments/run_checkpoints.html"

    run: Run
    checkpoints: Sequence[Checkpoint]
    now: datetime


@dataclass(frozen=True, slots=True)
class RunPreflight(Context):
    template: ClassVar[str] = "fragments/run_preflight.html"

    run: Run
    preflight: PreflightReport | None


@dataclass(frozen=True, slots=True)
class RunLog(Context):
    template: ClassVar[str] = "fragments/run_log.html"

    run: Run
    log: Sequence[str]
    follows: bool  # whether more lines may come


def header(workspace: Workspace, run: Run) -> RunHeader:
    legal = allowed_moves(run.state)
    return RunHeader(
        run=run,
        now=workspace.clock.now(),
        moves=tuple(move for move in HAND_MOVES if move in legal),
        seconds_left=seconds_left(run),
        checkpoint_bytes=sum(item.bytes for item in workspace.runs.checkpoints(run.run_id)),
    )


def alerts(workspace: Workspace, run: Run) -> RunAlerts:
    return RunAlerts(run=run, alerts=workspace.runs.alerts(run.run_id))


def proof(workspace: Workspace, run: Run) -> RunProof:
    return RunProof(
        run=run, evaluation=workspace.runs.evaluation(run.run_id), samples=workspace.runs.samples(run.run_id)
    )


def truth(workspace: Workspace, run: Run) -> RunTruth:
    return RunTruth(run=run, truths=truths_of(run))


def checkpoints(workspace: Workspace, run: Run) -> RunCheckpoints:
    return RunCheckpoints(run=run, checkpoints=workspace.runs.checkpoints(run.run_id), now=workspace.clock.now())


def preflight(workspace: Workspace, run: Run) -> RunPreflight:
    return RunPreflight(run=run, preflight=workspace.runs.preflight(run.run_id))


def log(workspace: Workspace, run: Run) -> RunLog:
    lines = workspace.runs.log_tail(run.run_id, LOG_LINES)
    return RunLog(run=run, log=lines, follows=run.state in ACTIVE | {RunState.QUEUED})


PARTS: dict[str, Callable[[Workspace, Run], Context]] = {
    "header": header,
    "alerts": alerts,
    "proof": proof,
    "truth": truth,
    "checkpoints": checkpoints,
    "preflight": preflight,
    "log": log,
}


def seconds_left(run: Run) -> Span | None:
    if run.state is not RunState.RUNNING or not run.step or not run.training_seconds:
        return None
    mean = (run.total_steps - run.step) * run.training_seconds / run.step
    return Span(mean * (1 - _SPREAD), mean * (1 + _SPREAD))
