"""Facts from a worker's journal become the run's state, metrics and history: each exactly once, in one transaction."""

from collections import deque
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from luthier.domain.jobs import (
    Alert,
    Answered,
    Cancelled,
    CheckpointSaved,
    Fact,
    Failed,
    Finished,
    Heartbeat,
    HeldOutLoss,
    Parked,
    Phase,
    PreflightDone,
    Prepared,
    Progress,
    Readings,
    RowsLeftOut,
    Sample,
    Started,
    Step,
    fact_from,
)
from luthier.domain.run_states import TRANSITIONS, RunMove, RunState
from luthier.domain.runs import Checkpoint, MetricPoint, Run, Span
from luthier.kit.clock import parse_rfc3339
from luthier.kit.journal import Record
from luthier.services.run_moves import move_run
from luthier.store import Transaction

_PHASE_MOVES = {"training": RunMove.TRAIN, "evaluating": RunMove.EVALUATE, "completing": RunMove.WRAP_UP}
_NOTED: dict[type[Fact], str] = {  # facts that change nothing of the run
    Answered: "run.answer",
    Sample: "run.sample",
    Alert: "run.alert",
    PreflightDone: "run.preflight",
}
_STEP_METRICS = ("loss", "learning_rate", "gradient_norm", "rss_bytes")
_RECENT_STEPS = 20  # enough to smooth over uneven batches, few enough to follow a change of speed
_SPREAD = 0.15  # of the time left; steps of one run differ in length by about this much


class FactFolder:
    """Applies the facts of one attempt. It keeps the recent step times, from which the time left follows."""

    def __init__(self, run_folder: Path) -> None:
        self._run_folder = run_folder
        self._recent: deque[Step] = deque(maxlen=_RECENT_STEPS)

    def apply(self, tx: Transaction, run: Run, records: Sequence[Record]) -> Run:
        """The run after all `records`, already stored. Unknown kinds are a defect and raise."""
        metrics: list[MetricPoint] = []
        for record in records:
            fact = fact_from(record.kind, record.body)
            at = parse_rfc3339(record.time)
            run = run.model_copy(update={"beat_at": at})
            run = self._apply_one(tx, run, fact, at, metrics)
        tx.metrics.put(run.run_id, metrics)
        tx.runs.update(run)
        return run

    def _apply_one(self, tx: Transaction, run: Run, fact: Fact, at: datetime, metrics: list[MetricPoint]) -> Run:
        match fact:
            case Step():
                return self._step(tx, run, fact, at, metrics)
            case HeldOutLoss():
                figures = {"loss": fact.loss, **fact.figures}
                metrics += [
                    MetricPoint(step=fact.step, name=f"held_out_{name}", value=value) for name, value in figures.items()
                ]
                return _note(tx, run, "run.held_out_loss", fact, at)
            case CheckpointSaved():
                return self._checkpoint(tx, run, fact, at)
            case Progress():
                _note(tx, run, "run.progress", fact, at, phase=run.phase)
                return run.model_copy(update={"progress_done": fact.done, "progress_total": fact.total})
            case Readings():
                figures = fact.model_dump(exclude={"kind", "step", "memory_total_bytes"}, exclude_none=True)
                metrics += [MetricPoint(step=fact.step, name=name, value=value) for name, value in figures.items()]
                return _note(tx, run, "run.readings", fact, at)
            case Answered() | Sample() | Alert() | PreflightDone():
                return _note(tx, run, _NOTED[type(fact)], fact, at)
            case Started() | Prepared() | RowsLeftOut():
                return _placed(tx, run, fact, at)
            case Heartbeat() | Cancelled():
                return run
            case Parked(anomaly=anomaly) if anomaly is not None:
                return run.model_copy(update={"anomaly": anomaly})  # what follows is for its supervisor to decide
            case Phase() | Parked() | Failed() | Finished():
                return _turn(tx, run, fact, at)

    def _step(self, tx: Transaction, run: Run, fact: Step, at: datetime, metrics: list[MetricPoint]) -> Run:
        self._recent.append(fact)
        rate = sum(step.tokens for step in self._recent) / sum(step.seconds for step in self._recent)
        per_step = sum(step.seconds for step in self._recent) / len(self._recent)
        left = (run.total_steps - fact.step) * per_step
        span = Span(left * (1 - _SPREAD), left * (1 + _SPREAD))
        metrics += [MetricPoint(step=fact.step, name=name, value=getattr(fact, name)) for name in _STEP_METRICS]
        metrics += [MetricPoint(step=fact.step, name=name, value=value) for name, value in fact.figures.items()]
        metrics.append(MetricPoint(step=fact.step, name="tokens_per_second", value=fact.tokens / fact.seconds))
        metrics.append(MetricPoint(step=fact.step, name="step_seconds", value=fact.seconds))
        figures = {"tokens_per_second": rate, "seconds_left": list(span)}
        _note(tx, run, "run.step", fact, at, total_steps=run.total_steps, **figures)
        return run.model_copy(
            update={
                "step": fact.step,
                "loss": fact.loss,
                "tokens_per_second": rate,
                "seconds_left": span,
                "rss_bytes": fact.rss_bytes,
                "peak_rss_bytes": max(run.peak_rss_bytes or 0, fact.rss_bytes),
                "training_seconds": run.training_seconds + fact.seconds,
                "losses_of_worker": 0,
                "updated_at": at,
            }
        )

    def _checkpoint(self, tx: Transaction, run: Run, fact: CheckpointSaved, at: datetime) -> Run:
        folder = str(self._run_folder / fact.folder)
        tx.checkpoints.put(Checkpoint(run_id=run.run_id, step=fact.step, folder=folder, bytes=fact.bytes, saved_at=at))
        for old in tx.checkpoints.list(run.run_id):
            if not Path(old.folder).exists():  # the worker keeps only the newest few
                tx.checkpoints.drop(run.run_id, old.step)
        return _note(tx, run, "run.checkpoint", fact, at)


def _placed(tx: Transaction, run: Run, fact: Started | Prepared | RowsLeftOut, at: datetime) -> Run:
    """The facts that say where the run stands, and how far it has to go."""
    match fact:
        case Started():
            return run.model_copy(update={"step": fact.resumed_from_step, "phase": "starting", "threads": fact.threads})
        case Prepared():
            return run.model_copy(update={"total_steps": fact.total_steps})
        case RowsLeftOut():
            _note(tx, run, "run.rows_left_out", fact, at)
            return run.model_copy(update={"step": fact.step})


def _turn(tx: Transaction, run: Run, fact: Phase | Parked | Failed | Finished, at: datetime) -> Run:
    """The facts that change the run's state."""
    match fact:
        case Phase():
            run = run.model_copy(update={"phase": fact.phase, "progress_done": 0, "progress_total": 0})
            run = _move_if_legal(tx, run, _PHASE_MOVES.get(fact.phase), "the worker went on", at)
            body = {"phase": fact.phase, "what": fact.phase, "done": 0, "total": 0}
            tx.events.append("run.progress", run.run_id, "worker", body, at)
            return run
        case Parked():
            cause = fact.problem.sentence if fact.problem else f"parked at step {fact.step}"
            if run.state is RunState.PAUSING and run.keeps_checkpoint:
                return _move_if_legal(tx, run, RunMove.END, cause, at, problem=fact.problem, finished_at=at, phase="")
            return _move_if_legal(tx, run, RunMove.PARK, cause, at, problem=fact.problem, phase="")
        case Failed():
            sentence = fact.problem.sentence
            return _move_if_legal(tx, run, RunMove.FAIL, sentence, at, problem=fact.problem, finished_at=at, phase="")
        case Finished():
            run = run.model_copy(
                update={
                    "peak_rss_bytes": fact.peak_rss_bytes,
                    "training_seconds": fact.training_seconds,
                    "adapter_sha256": fact.adapter_sha256,
                }
            )
            return _move_if_legal(tx, run, RunMove.WRAP_UP, "training is done", at)


def _move_if_legal(tx: Transaction, run: Run, move: RunMove | None, cause: str, at: datetime, **changes: Any) -> Run:
    """A person's wish may have moved the run meanwhile (it pauses, or is cancelled); then the fact changes nothing."""
    if move is None or (run.state, move) not in TRANSITIONS:
        return run
    return move_run(tx, run, move, author="worker", cause=cause, at=at, **changes)


def _note(tx: Transaction, run: Run, kind: str, fact: Fact, at: datetime, **more: Any) -> Run:
    body = fact.model_dump(mode="json", exclude={"kind"})
    tx.events.append(kind, run.run_id, "worker", {**body, **more}, at)
    return run
