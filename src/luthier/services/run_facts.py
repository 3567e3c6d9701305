"""Facts from a worker's journal become the run's state, metrics and history: each exactly once, in one transaction."""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from luthier.domain.events import Told
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


@dataclass
class _Gathered:
    """What is stored together, because one by one it would cost more than the training of a small model."""

    metrics: list[MetricPoint] = field(default_factory=list)
    steps: list[Told] = field(default_factory=list)  # that follow one another, with no other fact between them

    def measure(self, step: int, figures: Mapping[str, float]) -> None:
        self.metrics += [MetricPoint(step=step, name=name, value=value) for name, value in figures.items()]

    def store_steps(self, tx: Transaction, run_id: str) -> None:
        tx.events.append_facts(run_id, self.steps)
        self.steps.clear()


class FactFolder:
    """Applies the facts of one attempt. It keeps the recent step times, from which the time left follows."""

    def __init__(self, run_folder: Path) -> None:
        self._run_folder = run_folder
        self._recent: deque[Step] = deque(maxlen=_RECENT_STEPS)

    def apply(self, tx: Transaction, run: Run, records: Sequence[Record]) -> Run:
        """The run after all `records`, already stored. Unknown kinds are a defect and raise."""
        gathered = _Gathered()
        for record in records:
            fact = fact_from(record.kind, record.body)
            if not isinstance(fact, Step):
                gathered.store_steps(tx, run.run_id)
            run = self._apply_one(tx, run, fact, parse_rfc3339(record.time), gathered)
        gathered.store_steps(tx, run.run_id)
        tx.metrics.put(run.run_id, gathered.metrics)
        tx.runs.update(run)
        return run

    def _apply_one(self, tx: Transaction, run: Run, fact: Fact, at: datetime, gathered: _Gathered) -> Run:
        run = run.model_copy(update={"beat_at": at})
        match fact:
            case Step():
                return self._step(run, fact, at, gathered)
            case HeldOutLoss():
                figures = {"loss": fact.loss, **fact.figures}
                gathered.measure(fact.step, {f"held_out_{name}": value for name, value in figures.items()})
                return _note(tx, run, "run.held_out_loss", fact, at)
            case CheckpointSaved():
                return self._checkpoint(tx, run, fact, at)
            case Progress():
                _note(tx, run, "run.progress", fact, at, phase=run.phase)
                return run.model_copy(update={"progress_done": fact.done, "progress_total": fact.total})
            case Readings():
                figures = fact.model_dump(exclude={"kind", "step", "memory_total_bytes"}, exclude_none=True)
                gathered.measure(fact.step, figures)
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

    def _step(self, run: Run, fact: Step, at: datetime, gathered: _Gathered) -> Run:
        self._recent.append(fact)
        rate = sum(step.tokens for step in self._recent) / sum(step.seconds for step in self._recent)
        per_step = sum(step.seconds for step in self._recent) / len(self._recent)
        left = (run.total_steps - fact.step) * per_step
        span = Span(left * (1 - _SPREAD), left * (1 + _SPREAD))
        figures = {name: getattr(fact, name) for name in _STEP_METRICS} | fact.figures
        figures |= {"tokens_per_second": fact.tokens / fact.seconds, "step_seconds": fact.seconds}
        gathered.measure(fact.step, figures)
        told = fact.model_dump(mode="json", exclude={"kind"})
        told |= {"total_steps": run.total_steps, "tokens_per_second": rate, "seconds_left": list(span)}
        gathered.steps.append(Told("run.step", told, at))
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
