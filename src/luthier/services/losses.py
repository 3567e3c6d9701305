"""What follows when a worker is lost: another attempt after a pause that grows, or a person is asked."""

from dataclasses import dataclass

from luthier.domain.run_states import RunMove, RunState
from luthier.domain.runs import Run
from luthier.health.facts import supervision


@dataclass(frozen=True)
class Verdict:
    move: RunMove
    pause_seconds: float
    sentence: str  # the decision, for the history


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
