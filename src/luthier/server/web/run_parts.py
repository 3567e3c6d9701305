"""The parts of a run's page: each is looked up, and drawn, inside its page and alone."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from luthier.domain.answers import QuestionOverTime
from luthier.domain.evaluations import EvaluationReport
from luthier.domain.health import AppliedRemedy, Offer
from luthier.domain.jobs import Alert, Sample
from luthier.domain.logs import LogLevel, LogLine
from luthier.domain.preflight import PreflightReport
from luthier.domain.quality_reports import QualityReport
from luthier.domain.queues import Place
from luthier.domain.run_states import ACTIVE, ENDED, RunMove, RunState
from luthier.domain.runs import Checkpoint, Run, Span
from luthier.domain.truths import Truth, truths_of
from luthier.server.web.context import Context
from luthier.server.web.evidence import evidence_path
from luthier.server.web.run_strips import strips
from luthier.workspace import Workspace

LOG_LINES = 300


@dataclass(frozen=True, slots=True)
class RunHeader(Context):
    template: ClassVar[str] = "fragments/run_header.html"

    run: Run
    now: datetime
    moves: Sequence[RunMove]  # what a person can do with it now
    seconds_left: Span | None
    checkpoint_bytes: int  # of all together
    checkpoints: Sequence[Checkpoint]
    place: Place | None  # in the queue


@dataclass(frozen=True, slots=True)
class ShownAlert:
    alert: Alert
    picture: str  # of its evidence, as an SVG path; empty when there is none
    remedies: Sequence[AppliedRemedy]  # that followed it
    offers: Sequence[Offer]  # while the run rests over it


@dataclass(frozen=True, slots=True)
class RunAlerts(Context):
    template: ClassVar[str] = "fragments/run_alerts.html"

    run: Run
    alerts: Sequence[ShownAlert]  # the newest first


@dataclass(frozen=True, slots=True)
class RunProof(Context):
    template: ClassVar[str] = "fragments/run_proof.html"

    run: Run
    evaluation: EvaluationReport | None
    quality: QualityReport | None
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
class RunAnswers(Context):
    template: ClassVar[str] = "fragments/run_answers.html"

    run: Run
    questions: Sequence[QuestionOverTime]


@dataclass(frozen=True, slots=True)
class RunPreflight(Context):
    template: ClassVar[str] = "fragments/run_preflight.html"

    run: Run
    preflight: PreflightReport | None


@dataclass(frozen=True, slots=True)
class RunLog(Context):
    template: ClassVar[str] = "fragments/run_log.html"

    run: Run
    log: Sequence[LogLine]
    level: LogLevel
    follows: bool  # whether more lines may come


def header(workspace: Workspace, run: Run) -> RunHeader:
    kept = workspace.runs.checkpoints(run.run_id)
    return RunHeader(
        run=run,
        now=workspace.clock.now(),
        moves=run.wishes,
        seconds_left=seconds_left(run),
        checkpoint_bytes=sum(item.bytes for item in kept),
        checkpoints=kept,
        place=workspace.queue.place_of(run.run_id) if run.state is RunState.QUEUED else None,
    )


def alerts(workspace: Workspace, run: Run) -> RunAlerts:
    offers = workspace.runs.offers(run.run_id)
    newest_first = reversed(workspace.runs.alerts(run.run_id))
    return RunAlerts(run=run, alerts=[_shown(run, alert, offers) for alert in newest_first])


def _shown(run: Run, alert: Alert, offers: Sequence[Offer]) -> ShownAlert:
    anomaly = alert.anomaly
    evidence = anomaly.evidence if anomaly else None
    return ShownAlert(
        alert=alert,
        picture=evidence_path([point.value for point in evidence.points]) if evidence else "",
        remedies=[remedy for remedy in run.remedies if remedy.answers(anomaly)],
        offers=offers if anomaly is not None and anomaly == run.anomaly else (),
    )


def proof(workspace: Workspace, run: Run) -> RunProof:
    return RunProof(
        run=run,
        evaluation=workspace.runs.evaluation(run.run_id),
        quality=workspace.quality_reports.known(run.run_id),
        samples=workspace.runs.samples(run.run_id),
    )


def truth(workspace: Workspace, run: Run) -> RunTruth:
    return RunTruth(run=run, truths=truths_of(run))


def checkpoints(workspace: Workspace, run: Run) -> RunCheckpoints:
    return RunCheckpoints(run=run, checkpoints=workspace.runs.checkpoints(run.run_id), now=workspace.clock.now())


def answers(workspace: Workspace, run: Run) -> RunAnswers:
    return RunAnswers(run=run, questions=workspace.samples.over_time(run.run_id))


def preflight(workspace: Workspace, run: Run) -> RunPreflight:
    return RunPreflight(run=run, preflight=workspace.runs.preflight(run.run_id))


def log(workspace: Workspace, run: Run, level: LogLevel = "info") -> RunLog:
    piece = workspace.logs.tail(run.run_id, LOG_LINES, level)
    return RunLog(run=run, log=piece.lines, level=level, follows=run.state in ACTIVE | {RunState.QUEUED})


PARTS: dict[str, Callable[[Workspace, Run], Context]] = {
    "header": header,
    "alerts": alerts,
    "proof": proof,
    "truth": truth,
    "checkpoints": checkpoints,
    "answers": answers,
    "strips": strips,
    "preflight": preflight,
    "log": log,
}


def seconds_left(run: Run) -> Span | None:
    """Of training; a run that has been paused keeps what its last steps promised."""
    return None if run.state in ENDED or run.step >= run.total_steps else run.seconds_left
