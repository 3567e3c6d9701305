from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from luthier.domain.evaluations import AnswerSheet
from luthier.domain.jobs import Alert, CheckpointSaved, Finished
from luthier.engine.checkpoints import TrainingState, restore
from luthier.engine.loop import Bench, train
from luthier.engine.outcome import settle_outcome
from luthier.health.checkpoints import folder_of_step, sealed_checkpoints, step_of
from luthier.health.held_out import best_step
from tests.builders.jobs import a_run_folder
from tests.engine.kinds import job_for
from tests.engine.workers import Workers, facts_of, loss_bits, next_attempt

BenchFor = Callable[..., Bench]
# So high a rate that the held-out loss falls and then rises: the best step is neither the first nor the last.
RISING = {
    "max_steps": 10,
    "learning_rate": 1e-1,
    "schedule": "constant",
    "evaluate_every": 1,
    "checkpoint_every": 100,
    "keep_checkpoints": 1,
}


def alerts_of(bench: Bench) -> list[Alert]:
    return [fact for fact in facts_of(bench.run_folder) if isinstance(fact, Alert)]


def test_the_best_model_is_the_result_although_later_steps_were_worse(bench_for: BenchFor) -> None:
    bench = bench_for(**job_for("lora", keep_best=True, **RISING))
    state = train(bench, TrainingState())
    best = best_step(state.held_out_losses)
    assert best is not None and best < 10, "this data has to get worse for the test to show anything"
    assert settle_outcome(bench, state) == best
    fact = bench.objective.held_out(best, 128, bench.channel)
    assert fact is not None and fact.loss == pytest.approx(state.held_out_losses[best], rel=1e-6)
    assert [alert.code for alert in alerts_of(bench)] == ["runs.best_kept"]
    assert f"step {best}" in alerts_of(bench)[0].sentence


def test_pruning_spares_the_best_checkpoint_and_only_that_one(bench_for: BenchFor) -> None:
    bench = bench_for(**job_for("lora", keep_best=True, **RISING))
    state = train(bench, TrainingState())
    kept = [step_of(folder) for folder in sealed_checkpoints(bench.run_folder / "checkpoints")]
    assert kept == [best_step(state.held_out_losses), 10]
    saved = [fact.why for fact in facts_of(bench.run_folder) if isinstance(fact, CheckpointSaved)]
    assert set(saved[:-1]) == {"best"} and saved[-1] == "last"


def test_without_the_wish_the_last_model_is_the_result(bench_for: BenchFor) -> None:
    bench = bench_for(**job_for("lora", **RISING))
    state = train(bench, TrainingState())
    after = bench.trained.parameters.values.clone()
    assert settle_outcome(bench, state) == 10
    assert torch.equal(bench.trained.parameters.values, after) and alerts_of(bench) == []


def test_a_damaged_best_checkpoint_is_said_and_not_used(bench_for: BenchFor) -> None:
    bench = bench_for(**job_for("lora", keep_best=True, **RISING))
    state = train(bench, TrainingState())
    best = best_step(state.held_out_losses)
    assert best is not None
    (folder_of_step(bench.run_folder / "checkpoints", best) / "adapter.safetensors").unlink()
    assert settle_outcome(bench, state) == 10
    assert [alert.code for alert in alerts_of(bench)] == ["runs.best_lost"]


def test_training_ends_when_the_held_out_loss_no_longer_falls_and_says_so(bench_for: BenchFor) -> None:
    bench = bench_for(**job_for("lora", early_stopping_patience=2, **RISING))
    state = train(bench, TrainingState())
    assert state.step < bench.data.total_steps
    losses = [state.held_out_losses[step] for step in sorted(state.held_out_losses)]
    assert min(losses[-2:]) >= min(losses[:-2])
    settle_outcome(bench, state)
    (alert,) = alerts_of(bench)
    assert alert.code == "runs.ended_early" and f"step {state.step} of {bench.data.total_steps}" in alert.sentence


def test_a_resumed_run_ends_at_the_same_step_with_the_same_best_model(bench_for: BenchFor) -> None:
    job = {**RISING, "early_stopping_patience": 2, "keep_best": True, "keep_checkpoints": 50}
    job |= {"checkpoint_every": 1}
    whole = bench_for("whole", **job_for("lora", **job))
    ended = train(whole, TrainingState())
    resumed = bench_for("resumed", **job_for("lora", **job))
    folder = folder_of_step(whole.run_folder / "checkpoints", 1)
    again = train(resumed, restore(folder, resumed.job, resumed.trained, resumed.optimiser, pytest.fail))
    assert (again.step, again.held_out_losses) == (ended.step, ended.held_out_losses)
    bits = loss_bits(whole.run_folder)
    assert loss_bits(resumed.run_folder) == {step: bits[step] for step in range(2, ended.step + 1)}
    assert settle_outcome(whole, ended) == settle_outcome(resumed, again)
    assert torch.equal(resumed.trained.parameters.values, whole.trained.parameters.values)


def test_a_run_that_is_killed_after_its_last_step_still_hands_over_its_best_model(
    tiny_base: Path, tmp_path: Path, workers: Workers
) -> None:
    folder = a_run_folder(tmp_path / "run", tiny_base, **job_for("lora", keep_best=True, **RISING))
    assert workers.run(folder, crash_at="trained:1") != 0
    assert workers.run(folder, next_attempt(folder)) == 0
    *_, finished = facts_of(folder, 2)
    assert isinstance(finished, Finished)
    sheet = AnswerSheet.model_validate_json((folder / finished.answers_file).read_bytes())
    measured = [fact.loss for number in (1, 2) for fact in facts_of(folder, number) if fact.kind == "held_out_loss"]
    assert sheet.tuned_loss == min(measured[1:]) < measured[-1]
