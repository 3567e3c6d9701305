"""The training loop: one optimiser step after the other, each a function of the state before it and its number."""

import time
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path

from luthier.data.order import epochs_done, indices_of_step
from luthier.domain.health import left_out, settings_at
from luthier.domain.jobs import Job, RowsLeftOut, Step
from luthier.domain.recipes import TrainingSettings
from luthier.domain.runs import LossNotFinite
from luthier.engine.channel import Channel, Interrupted
from luthier.engine.checkpoint_writer import CheckpointWriter, Why
from luthier.engine.checkpoints import TrainingState, checkpoint_bytes
from luthier.engine.crash_points import CrashPoints
from luthier.engine.determinism import seed_for
from luthier.engine.group import Alone, Group
from luthier.engine.learner import Learner
from luthier.engine.loading import LoadedBase
from luthier.engine.memory_use import peak_bytes, used_bytes
from luthier.engine.objective import Objective
from luthier.engine.optimiser import Optimiser
from luthier.engine.preparing import PreparedData
from luthier.engine.questions import Questions
from luthier.engine.trained import Trained
from luthier.engine.vigil import Batch, Unwell, Vigil
from luthier.health.held_out import best_step, has_converged
from luthier.health.watched import Observation


@dataclass(frozen=True, eq=False)
class Bench:
    """Everything that one attempt trains with."""

    job: Job
    run_folder: Path
    base: LoadedBase
    data: PreparedData
    objective: Objective
    trained: Trained
    optimiser: Optimiser
    channel: Channel
    crash: CrashPoints
    questions: Questions
    group: Group = field(default_factory=Alone)

    @property
    def learner(self) -> Learner:
        return Learner(self.base, self.trained, self.objective, self.channel)

    def settings_of(self, step: int) -> TrainingSettings:
        return settings_at(step, self.job.settings, self.job.remedies)

    def vigil(self) -> Vigil:
        return Vigil(self.job, self.run_folder, self.channel, checkpoint_bytes(self.trained, self.optimiser))


def train(bench: Bench, state: TrainingState) -> TrainingState:
    """From `state` to the last step. A wish to stop is obeyed where the state is whole, after a checkpoint of it.

    Raises Interrupted, and Unwell or LossNotFinite before the step that would have been spoiled has changed anything.
    """
    saved_step, vigil = state.step, bench.vigil()
    with CheckpointWriter(bench.job, bench.run_folder, bench.channel, bench.crash) as checkpoints:

        def save(why: Why) -> None:
            nonlocal saved_step
            if saved_step < state.step:
                checkpoints.save(state, bench.trained, bench.optimiser, why)
                saved_step = state.step

        try:
            while True:
                if _is_due(bench, state.step, bench.job.settings.evaluate_every):
                    state = _measured(bench, state, vigil)
                why = _why_save(bench, state)
                if why is not None:
                    save(why)
                if is_last(bench, state):
                    bench.crash.reach("trained")
                    return state
                bench.channel.obey()
                checkpoints.look()
                bench.crash.reach("before_step")
                state = _take_step(bench, state, vigil, checkpoints)
                bench.crash.reach("after_step")
        except Interrupted as interruption:
            if interruption.wish == "stop":
                save("stop")
                checkpoints.settle()
            raise
        except Unwell as unwell:
            if unwell.weights_are_well:
                save("stop")
            checkpoints.settle()
            raise


def is_last(bench: Bench, state: TrainingState) -> bool:
    settings = bench.job.settings
    return state.step == bench.data.total_steps or has_converged(
        state.held_out_losses, settings.early_stopping_patience, settings.early_stopping_threshold
    )


def _why_save(bench: Bench, state: TrainingState) -> Why | None:
    """None when no checkpoint is due."""
    settings = bench.job.settings
    if is_last(bench, state):
        return "last"
    if settings.keep_best and best_step(state.held_out_losses) == state.step:
        return "best"
    return "interval" if _is_due(bench, state.step, settings.checkpoint_every) else None


def _is_due(bench: Bench, step: int, every: int) -> bool:
    return step % every == 0 or step == bench.data.total_steps


def _take_step(bench: Bench, before: TrainingState, vigil: Vigil, checkpoints: CheckpointWriter) -> TrainingState:
    started = time.perf_counter()
    step = before.step + 1
    settings, (indices, gone) = bench.settings_of(step), _indices(bench, step)
    bench.channel.step = step - 1
    if gone:
        bench.channel.say(RowsLeftOut(step=step, rows=gone))
    if not indices:
        return before.model_copy(update={"step": step})
    epoch = epochs_done(step, settings.batch_size, len(bench.data.train))
    seed_for(settings.seed, step)
    gathered = bench.group.gather(bench.learner, step, indices, settings)
    bench.crash.reach("after_backward")
    gradient_norm = bench.optimiser.gradient_norm()
    seen = Observation(step, gathered.loss, gradient_norm, bench.optimiser.rate_share(step), before.tokens_per_second)
    batch = _batch(bench, step, indices, settings)
    watched = vigil.look(before.watched, seen, epoch, batch, bench.group.others_peak_bytes)
    checkpoints.let_change()
    learning_rate = bench.optimiser.update(step, gradient_norm, settings)
    bench.trained.refresh()
    bench.crash.reach("after_update")
    seconds = time.perf_counter() - started
    fact = Step(
        step=step,
        epoch=epoch,
        loss=gathered.loss,
        loss_bits=gathered.loss.hex(),
        learning_rate=learning_rate,
        gradient_norm=gradient_norm,
        tokens=gathered.tokens,
        supervised_tokens=gathered.supervised,
        figures=gathered.figures,
        seconds=seconds,
        rss_bytes=used_bytes(),
    )
    bench.channel.step = step
    bench.channel.say(fact)
    return before.model_copy(
        update={
            "step": step,
            "tokens": before.tokens + gathered.tokens,
            "training_seconds": before.training_seconds + seconds,
            "peak_rss_bytes": max(before.peak_rss_bytes, peak_bytes() + bench.group.others_peak_bytes),
            "tokens_per_second": gathered.tokens / seconds,
            "watched": watched,
        }
    )


def _indices(bench: Bench, step: int) -> tuple[list[int], tuple[int, ...]]:
    """Of the 1-based step's examples, and the rows that a remedy leaves out of them."""
    settings, train = bench.job.settings, bench.data.train
    indices = indices_of_step(step, settings.batch_size, len(train), settings.seed)
    gone = left_out(step, {int(train.rows[index]) for index in indices}, bench.job.remedies)
    return [index for index in indices if int(train.rows[index]) not in gone], gone


def _rows_of(bench: Bench, indices: list[int]) -> list[int]:
    return sorted({int(bench.data.train.rows[index]) for index in indices})


def _batch(bench: Bench, step: int, now: list[int], settings: TrainingSettings) -> Batch:
    rows = bench.data.train.rows
    before = _indices(bench, step - 1)[0] if step > 1 else []

    def measure(row: int) -> tuple[float, float]:
        bench.trained.parameters.gradients.zero_()
        indices = [index for index in (*now, *before) if int(rows[index]) == row]
        return bench.group.gather(bench.learner, step, indices, settings).loss, bench.optimiser.gradient_norm()

    return Batch(_rows_of(bench, now), _rows_of(bench, before), measure)


def _measured(bench: Bench, state: TrainingState, vigil: Vigil) -> TrainingState:
    """With the held-out loss of this step, unless it is known or no number. Step 0 is the base model, as it came."""
    if bench.data.held_out is None or state.step in state.held_out_losses:
        return state
    started = time.perf_counter()
    as_it_came = bench.trained.disabled() if state.step == 0 else nullcontext()
    with bench.group.whole(), as_it_came:
        pass_tokens = bench.settings_of(state.step + 1).micro_batch_tokens
        try:
            fact = bench.objective.held_out(state.step, pass_tokens, bench.channel)
        except LossNotFinite as error:
            vigil.miss(state.watched, state.step, str(error.problem.fields["value"]))
            return state
        if fact is None:
            return state
        bench.channel.say(fact)
        bench.questions.answer(state.step, bench.channel)
    return state.model_copy(
        update={
            "held_out_losses": {**state.held_out_losses, fact.step: fact.loss},
            "watched": state.watched.with_held_out(fact.step, fact.loss),
            "training_seconds": state.training_seconds + time.perf_counter() - started,
        }
    )
