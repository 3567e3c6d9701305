"""What follows when a worker is lost: another attempt after a pause that grows, or a person is asked."""

from dataclasses import dataclass
from typing import Any

from luthier.domain.errors import Problem
from luthier.domain.health import Anomaly, AnomalyKind
from luthier.domain.jobs import Alert
from luthier.domain.run_states import RunMove, RunState
from luthier.domain.runs import Run, WorkerFrozen, WorkerOutOfMemory
from luthier.health.facts import supervision
from luthier.health.verdicts import alert_of


@dataclass(frozen=True)
class Verdict:
    move: RunMove
    pause_seconds: float
    sentence: str  # the decision, for the history


def anomaly_of_loss(run: Run, problem: Problem) -> Anomaly | None:
    """What the detectors could not see, because it ended the process that they live in; None when nobody watches."""
    if run.recipe.health.policy == "off":
        return None
    if problem.code == WorkerOutOfMemory.code and run.phase == "training":
        figures = {"step": str(run.step + 1), "used": str(problem.fields["used"])}
        return Anomaly(kind=AnomalyKind.OUT_OF_MEMORY, step=run.step + 1, since_step=run.step + 1, figures=figures)
    if problem.code == WorkerFrozen.code:
        figures = {name: str(problem.fields[name]) for name in ("seconds", "phase")}
        return Anomaly(kind=AnomalyKind.STALL, step=run.step, since_step=run.step + 1, figures=figures)
    return None


def alert_of_loss(run: Run, problem: Problem, anomaly: Anomaly | None) -> dict[str, Any]:
    """The body of the event."""
    alert = Alert(code=problem.code, sentence=problem.sentence, actions=problem.actions, step=run.step)
    if anomaly is not None:
        alert = alert_of(anomaly, run.run_id, run.plan.settings.learning_rate)
    return alert.model_dump(mode="json", exclude={"kind"})


def after_loss(run: Run, code: str, losses: int) -> Verdict:
    """`code` says what ended the worker; `losses` counts those without a step in between, this one included."""
    limits = supervision().retry
    if run.state is RunState.PAUSING and run.keeps_checkpoint:
        return Verdict(RunMove.END, 0.0, "It was to stop, so it ends with the checkpoint it has.")
    if run.state is RunState.PAUSING:
        return Verdict(RunMove.LOSE, 0.0, "It was to pause, so it is paused with the checkpoint it has.")
    if code not in limits.passing:
        return Verdict(RunMove.FAIL, 0.0, "Another attempt would end the same way, so none is made.")
    if losses >= limits.attempts:
        return Verdict(RunMove.FAIL, 0.0, f"{losses} attempts in a row came to nothing, so no other is made.")
    pause = limits.pause_after(losses)
    sentence = f"Attempt {run.attempt + 1} begins in {pause:g} s from the newest checkpoint."
    return Verdict(RunMove.LOSE, pause, sentence)
