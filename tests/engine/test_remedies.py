"""What a remedy changes holds from its step on, however often a step is done again, and is kept with the run."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from luthier.domain.adapters import LoraSettings
from luthier.domain.health import AnomalyKind, AppliedRemedy, RemedyName
from luthier.domain.jobs import RowsLeftOut, Step
from luthier.domain.recipes import HealthSpec
from luthier.domain.runs import CheckpointMismatch
from luthier.engine.checkpoints import TrainingState, restore
from luthier.engine.loop import Bench, train
from luthier.engine.vigil import Batch, Unwell, Vigil
from luthier.health.watched import Observation, Watched
from tests.engine.kinds import ADAPTERS
from tests.engine.workers import facts_of, loss_bits

BenchFor = Callable[..., Bench]
VALUES: dict[str, Any] = {
    "max_steps": 8,
    "checkpoint_every": 2,
    "keep_checkpoints": 9,
    "held_out": 0,
    "learning_rate": 1e-2,
}
ON = HealthSpec(policy="automatic")


def a_remedy(remedy: RemedyName, after_step: int, **changes: Any) -> AppliedRemedy:
    values = {"number": 1, "remedy": remedy, "anomaly": AnomalyKind.SPIKE, "step": 5, "author": "supervisor"}
    return AppliedRemedy.model_validate({**values, "after_step": after_step, **changes})


REMEDIES = (
    a_remedy(RemedyName.LOWER_RATE, 2, before={"learning_rate": 1e-2}, after={"learning_rate": 3e-3}),
    a_remedy(RemedyName.CLIP_HARDER, 2, before={"max_gradient_norm": 1.0}, after={"max_gradient_norm": 0.2}),
    a_remedy(RemedyName.HALVE_MICRO_BATCH, 4, before={"micro_batch_tokens": 128}, after={"micro_batch_tokens": 64}),
    a_remedy(RemedyName.SKIP_BATCH, 2),
    a_remedy(RemedyName.SKIP_BATCH, 2, rows=[3, 4]),
)


def steps_of(bench: Bench) -> dict[int, Step]:
    return {fact.step: fact for fact in facts_of(bench.run_folder) if fact.kind == "step"}


@pytest.mark.parametrize("resumed_at", [2, 4, 6])
def test_a_run_that_is_killed_after_remedies_repeats_their_bits(bench_for: BenchFor, resumed_at: int) -> None:
    values = {**VALUES, "adapter": ADAPTERS["lora"], "remedies": REMEDIES, "health": ON}
    whole, resumed = bench_for("whole", **values), bench_for("resumed", **values)
    ended = train(whole, TrainingState())
    folder = whole.run_folder / "checkpoints" / f"step-{resumed_at:06d}"
    state = restore(folder, resumed.job, resumed.trained, resumed.optimiser, pytest.fail)
    again = train(resumed, state)
    bits = loss_bits(whole.run_folder)
    assert loss_bits(resumed.run_folder) == {step: bits[step] for step in bits if step > resumed_at}
    assert torch.equal(resumed.trained.parameters.values, whole.trained.parameters.values)
    quiet = [each.model_copy(update={"window": ()}) for each in (again.watched, ended.watched)]
    assert quiet[0] == quiet[1], "the detectors remember the same"
    assert [seen[:4] for seen in again.watched.window] == [seen[:4] for seen in ended.watched.window]


def test_a_remedy_changes_no_step_before_its_own(bench_for: BenchFor) -> None:
    plain, treated = bench_for("plain", **VALUES), bench_for("treated", **VALUES, remedies=REMEDIES[:1])
    for bench in (plain, treated):
        train(bench, TrainingState())
    before, after = loss_bits(plain.run_folder), loss_bits(treated.run_folder)
    assert [step for step in before if before[step] != after[step]] == [4, 5, 6, 7, 8], "step 3 is updated otherwise"
    rates = {step: fact.learning_rate for step, fact in steps_of(treated).items()}
    assert rates[3] / rates[2] < 0.5


def test_half_the_micro_batch_is_the_same_training_within_rounding(bench_for: BenchFor) -> None:
    values = {**VALUES, "precision": "fp32", "micro_batch_tokens": 256, "adapter": LoraSettings(rank=4)}
    halved = a_remedy(RemedyName.HALVE_MICRO_BATCH, 2, after={"micro_batch_tokens": 64})
    plain, treated = bench_for("plain", **values), bench_for("halved", **values, remedies=(halved,))
    for bench in (plain, treated):
        train(bench, TrainingState())
    one, other = steps_of(plain), steps_of(treated)
    assert treated.channel.busy > plain.channel.busy, "it took more passes"
    for step in one:
        assert other[step].loss == pytest.approx(one[step].loss, rel=1e-4)
        assert other[step].gradient_norm == pytest.approx(one[step].gradient_norm, rel=1e-3)
        assert other[step].tokens == one[step].tokens


def test_a_step_that_is_left_out_changes_nothing_and_says_so(bench_for: BenchFor) -> None:
    bench = bench_for(**{**VALUES, "max_steps": 5}, remedies=(a_remedy(RemedyName.SKIP_BATCH, 0, step=5),))
    train(bench, TrainingState())
    checkpoints = bench.run_folder / "checkpoints"
    four, five = ((checkpoints / f"step-{at:06d}" / "adapter.safetensors").read_bytes() for at in (4, 5))
    assert four == five
    (left_out,) = [fact for fact in facts_of(bench.run_folder) if isinstance(fact, RowsLeftOut)]
    assert (left_out.step, len(left_out.rows)) == (5, 4)


def test_a_checkpoint_of_other_remedies_is_refused(bench_for: BenchFor) -> None:
    bench = bench_for("treated", **VALUES, remedies=REMEDIES[:1])
    train(bench, TrainingState())
    other = bench_for("plain", **VALUES)
    folder = bench.run_folder / "checkpoints"
    assert restore(folder / "step-000002", other.job, other.trained, other.optimiser, pytest.fail).step == 2
    with pytest.raises(CheckpointMismatch, match="remedies"):
        restore(folder / "step-000004", other.job, other.trained, other.optimiser, pytest.fail)


def test_what_is_unwell_has_changed_no_weight(bench_for: BenchFor) -> None:
    bench = bench_for(**VALUES, health=ON)
    before = bench.trained.parameters.values.clone()
    with torch.no_grad():
        bench.base.model.get_input_embeddings().weight[:, 0] = float("nan")
    with pytest.raises(Unwell) as caught:
        train(bench, TrainingState())
    assert torch.equal(bench.trained.parameters.values, before)
    assert caught.value.anomaly.kind is AnomalyKind.NOT_FINITE
    assert not caught.value.anomaly.alone, "every row breaks it, so the weights are to blame"


def test_the_last_healthy_checkpoint_outlives_those_that_are_newer(bench_for: BenchFor) -> None:
    bench = bench_for(**{**VALUES, "max_steps": 20, "keep_checkpoints": 1}, epochs=9, health=ON)
    train(bench, TrainingState())
    kept = sorted(folder.name for folder in (bench.run_folder / "checkpoints").iterdir())
    assert kept == ["step-000010", "step-000018", "step-000020"], "healthy beyond doubt, next to be so, newest"


def test_a_disk_that_runs_low_stops_the_run_while_a_checkpoint_still_fits(bench_for: BenchFor) -> None:
    bench = bench_for(**VALUES, health=ON)
    vigil = Vigil(bench.job, bench.run_folder, bench.channel, checkpoint_bytes=10**18)
    with pytest.raises(Unwell) as caught:
        vigil.look(Watched(), Observation(1, 2.0, 1.0, 1.0, 0.0), 0.1, Batch([], [], lambda row: (0.0, 0.0)))
    assert caught.value.anomaly.kind is AnomalyKind.DISK_LOW
    assert caught.value.weights_are_well


def test_what_is_short_of_memory_parks_with_a_checkpoint_of_what_it_has(bench_for: BenchFor) -> None:
    bench = bench_for(**VALUES, health=ON, memory_bytes=1)
    with pytest.raises(Unwell):
        train(bench, TrainingState(step=1))
    assert not (bench.run_folder / "checkpoints").exists(), "nothing was trained that a checkpoint would keep"


@pytest.mark.parametrize("weights_are_to_blame", [False, True])
def test_when_every_row_breaks_it_rows_that_were_well_tell_rows_from_weights(
    bench_for: BenchFor, weights_are_to_blame: bool, tmp_path: Path
) -> None:
    bench = bench_for(**VALUES, health=ON)
    vigil = Vigil(bench.job, tmp_path, bench.channel, checkpoint_bytes=0)
    nan = float("nan")
    batch = Batch([7, 8], [1, 2], lambda row: (nan, 1.0) if row > 6 or weights_are_to_blame else (2.0, 1.0))
    with pytest.raises(Unwell) as caught:
        vigil.look(Watched(), Observation(3, nan, 1.0, 1.0, 0.0), 0.1, batch)
    assert caught.value.anomaly.rows == (7, 8)
    assert caught.value.anomaly.alone is not weights_are_to_blame
