"""The training loop: one optimiser step after the other, each a function of the state before it and its number."""

import time
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from luthier.data.order import epochs_done, indices_of_step
from luthier.domain.jobs import CheckpointSaved, Job, Step
from luthier.domain.runs import LossNotFinite
from luthier.engine.channel import Channel, Interrupted
from luthier.engine.checkpoints import TrainingState, save
from luthier.engine.crash_points import CrashPoints
from luthier.engine.determinism import seed_for
from luthier.engine.forward import products_in
from luthier.engine.loading import LoadedBase
from luthier.engine.memory_use import peak_rss_bytes, rss_bytes
from luthier.engine.objective import Gathered, Objective
from luthier.engine.optimiser import Optimiser
from luthier.engine.packed_attention import packed_attention
from luthier.engine.preparing import PreparedData
from luthier.engine.questions import Questions
from luthier.engine.recompute import recomputed_layers
from luthier.engine.trained import Trained
from luthier.health.losses import not_finite


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


def train(bench: Bench, state: TrainingState) -> TrainingState:
    """From `state` to the last step. A wish to stop is obeyed where the state is whole, after a checkpoint of it.

    Raises Interrupted, and LossNotFinite before the step that would have been spoiled has changed anything.
    """
    saved_step = state.step
    try:
        while True:
            if _is_due(bench, state.step, bench.job.settings.evaluate_every):
                state = _measured(bench, state)
            if saved_step < state.step and _is_due(bench, state.step, bench.job.settings.checkpoint_every):
                _save(bench, state, "last" if state.step == bench.data.total_steps else "interval")
                saved_step = state.step
            if state.step == bench.data.total_steps:
                bench.crash.reach("trained")
                return state
            bench.channel.obey()
            bench.crash.reach("before_step")
            state = _take_step(bench, state)
            bench.crash.reach("after_step")
    except Interrupted as interruption:
        if interruption.wish == "stop" and saved_step < state.step:
            _save(bench, state, "stop")
        raise


def _is_due(bench: Bench, step: int, every: int) -> bool:
    return step % every == 0 or step == bench.data.total_steps


def _take_step(bench: Bench, before: TrainingState) -> TrainingState:
    started = time.perf_counter()
    settings, step = bench.job.settings, before.step + 1
    indices = indices_of_step(step, settings.batch_size, len(bench.data.train), settings.seed)
    seed_for(settings.seed, step)
    gathered = _gather(bench, indices)
    bench.crash.reach("after_backward")
    gradient_norm = bench.optimiser.gradient_norm()
    _refuse_not_finite(bench, step, gathered.loss, gradient_norm, indices)
    learning_rate = bench.optimiser.update(step, gradient_norm)
    bench.trained.refresh()
    bench.crash.reach("after_update")
    seconds = time.perf_counter() - started
    fact = Step(
        step=step,
        epoch=epochs_done(step, settings.batch_size, len(bench.data.train)),
        loss=gathered.loss,
        loss_bits=gathered.loss.hex(),
        learning_rate=learning_rate,
        gradient_norm=gradient_norm,
        tokens=gathered.tokens,
        supervised_tokens=gathered.supervised,
        figures=gathered.figures,
        seconds=seconds,
        rss_bytes=rss_bytes(),
    )
    bench.channel.step = step
    bench.channel.say(fact)
    return before.model_copy(
        update={
            "step": step,
            "tokens": before.tokens + gathered.tokens,
            "training_seconds": before.training_seconds + seconds,
            "peak_rss_bytes": max(before.peak_rss_bytes, peak_rss_bytes()),
        }
    )


def _gather(bench: Bench, indices: list[int]) -> Gathered:
    settings = bench.job.settings
    with (
        packed_attention(bench.base.model),
        bench.trained.training(),
        products_in(settings),
        recomputed_layers(bench.base.model, settings.gradient_checkpointing),
    ):
        return bench.objective.gather(indices, bench.channel)


def _refuse_not_finite(bench: Bench, step: int, loss: float, gradient_norm: float, indices: list[int]) -> None:
    value = not_finite(loss, gradient_norm)
    if value is not None:
        rows = sorted({int(bench.data.train.rows[index]) for index in indices})
        raise LossNotFinite(
            value=value,
            step=step,
            lower=bench.job.settings.learning_rate / 5,
            rows=", ".join(str(row) for row in rows),
        )


def _measured(bench: Bench, state: TrainingState) -> TrainingState:
    """With the held-out loss of this step, unless it is known. Step 0 is the base model, as it came."""
    if bench.data.held_out is None or state.step in state.held_out_losses:
        return state
    as_it_came = bench.trained.disabled() if state.step == 0 else nullcontext()
    with as_it_came:
        fact = bench.objective.held_out(state.step, bench.channel)
        if fact is None:
            return state
        bench.channel.say(fact)
        bench.questions.answer(state.step, bench.channel)
    return state.model_copy(update={"held_out_losses": {**state.held_out_losses, fact.step: fact.loss}})


def _save(bench: Bench, state: TrainingState, why: Literal["interval", "stop", "last"]) -> None:
    started = time.perf_counter()
    saved = save(bench.run_folder / "checkpoints", bench.job, state, bench.trained, bench.optimiser, bench.crash)
    bench.channel.say(
        CheckpointSaved(
            step=state.step,
            folder=saved.folder.relative_to(bench.run_folder).as_posix(),
            bytes=saved.bytes,
            seconds=time.perf_counter() - started,
            why=why,
        )
    )
