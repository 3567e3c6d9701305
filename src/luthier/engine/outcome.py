"""Which of a run's steps is its result, and why training ended where it did, in words."""

from luthier.domain.jobs import Alert
from luthier.engine.checkpoints import TrainingState, take_values
from luthier.engine.loop import Bench
from luthier.health.checkpoints import folder_of_step
from luthier.health.held_out import best_step
from luthier.kit.files import damage_of


def settle_outcome(bench: Bench, state: TrainingState) -> int:
    """Puts the values of the result in place after the last step, and returns its step."""
    if state.step < bench.data.total_steps:
        bench.channel.say(_ended_early(bench, state))
    best = best_step(state.held_out_losses)
    if not bench.job.settings.keep_best or best is None or best == state.step:
        return state.step
    folder = folder_of_step(bench.run_folder / "checkpoints", best)
    damage = damage_of(folder)
    if damage is not None:
        bench.channel.say(_best_lost(best, state.step, damage))
        return state.step
    take_values(folder, bench.trained)
    bench.channel.say(_best_taken(best, state))
    return best


def _ended_early(bench: Bench, state: TrainingState) -> Alert:
    settings = bench.job.settings
    more_than = f" by more than {settings.early_stopping_threshold:g}" if settings.early_stopping_threshold else ""
    measurements = "measurement" if settings.early_stopping_patience == 1 else "measurements"
    return Alert(
        code="runs.ended_early",
        sentence=(
            f"Training ended at step {state.step} of {bench.data.total_steps}: "
            f"the held-out loss had not fallen{more_than} in {settings.early_stopping_patience} {measurements}."
        ),
        step=state.step,
    )


def _best_taken(best: int, state: TrainingState) -> Alert:
    losses = state.held_out_losses
    return Alert(
        code="runs.best_kept",
        sentence=(
            f"The result is the model of step {best}, whose held-out loss of {losses[best]:.4f} was the lowest; "
            f"that of step {state.step}, the last, was {losses[state.step]:.4f}."
        ),
        step=state.step,
    )


def _best_lost(best: int, last: int, damage: str) -> Alert:
    return Alert(
        code="runs.best_lost",
        sentence=f"The checkpoint of step {best}, the best, cannot be used: {damage}. Step {last} is the result.",
        step=last,
    )
