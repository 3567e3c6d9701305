from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from luthier.domain.adapters import LoraSettings
from luthier.domain.jobs import HeldOutLoss, Step
from luthier.domain.runs import LossNotFinite
from luthier.engine.channel import Interrupted
from luthier.engine.checkpoints import TrainingState
from luthier.engine.loop import Bench, train
from luthier.kit.files import damage_of
from tests.engine.workers import facts_of

BenchFor = Callable[..., Bench]
NO_DROPOUT = LoraSettings(rank=4, alpha=8)


def steps_of(bench: Bench) -> list[Step]:
    return [fact for fact in facts_of(bench.run_folder) if fact.kind == "step"]


def test_training_lowers_the_loss_on_what_it_sees_and_on_what_is_held_out(bench_for: BenchFor) -> None:
    bench = bench_for(epochs=12, learning_rate=1e-2, adapter=NO_DROPOUT)
    state = train(bench, TrainingState())
    steps = steps_of(bench)
    assert [step.step for step in steps] == list(range(1, 61))
    assert steps[-1].loss < 0.6 * steps[0].loss
    assert state.held_out_losses[60] < 0.8 * state.held_out_losses[0]


def test_measuring_belongs_to_the_time_that_training_takes(bench_for: BenchFor) -> None:
    """A plan counts it, so the truth has to as well."""
    state = train(bench := bench_for(epochs=1, adapter=NO_DROPOUT), TrainingState())
    assert state.training_seconds > sum(step.seconds for step in steps_of(bench))


def test_how_a_batch_is_cut_changes_neither_loss_nor_gradient(bench_for: BenchFor) -> None:
    """Silent killer: accumulation that weighs every part alike, however few answers it holds."""
    curves = []
    for micro_batch_tokens in (64, 4096):
        bench = bench_for(
            f"cut-{micro_batch_tokens}", micro_batch_tokens=micro_batch_tokens, adapter=NO_DROPOUT, precision="fp32"
        )
        train(bench, TrainingState())
        curves.append([number for step in steps_of(bench) for number in (step.loss, step.gradient_norm)])
    assert curves[0] == pytest.approx(curves[1], rel=1e-3)


def test_fused_and_reference_kernels_train_alike_in_bf16(bench_for: BenchFor) -> None:
    curves = []
    for kernels in ("fused", "reference"):
        bench = bench_for(kernels, kernels=kernels, adapter=NO_DROPOUT, epochs=6)
        train(bench, TrainingState())
        curves.append([step.loss for step in steps_of(bench)])
    assert curves[0] == pytest.approx(curves[1], abs=1e-2 * curves[0][0])


def test_every_token_of_every_example_is_counted_once_per_epoch(bench_for: BenchFor) -> None:
    bench = bench_for(epochs=1, examples=10)
    state = train(bench, TrainingState())
    assert state.tokens == bench.data.train.tokens == sum(step.tokens for step in steps_of(bench))
    assert sum(step.supervised_tokens for step in steps_of(bench)) == bench.data.train.supervised_tokens


def test_the_base_is_measured_before_the_first_step_and_the_result_after_the_last(bench_for: BenchFor) -> None:
    bench = bench_for(epochs=2, evaluate_every=4)
    train(bench, TrainingState())
    measured = [fact.step for fact in facts_of(bench.run_folder) if isinstance(fact, HeldOutLoss)]
    assert measured == [0, 4, 8, 10]


def test_a_loss_that_is_not_a_number_changes_no_weight_and_names_the_rows(bench_for: BenchFor) -> None:
    bench = bench_for(held_out=0)
    before = bench.trained.parameters.values.clone()
    with torch.no_grad():
        bench.base.model.get_input_embeddings().weight[:, 0] = float("nan")
    with pytest.raises(LossNotFinite) as caught:
        train(bench, TrainingState())
    assert torch.equal(bench.trained.parameters.values, before)
    rows = {int(row) for row in caught.value.problem.fields["rows"].split(", ")}
    assert len(rows) == 4 and rows <= set(range(1, 21))
    assert not steps_of(bench)


def test_a_wish_to_stop_saves_no_step_that_is_saved_already(bench_for: BenchFor) -> None:
    bench = bench_for()
    bench.channel.ask("stop")
    with pytest.raises(Interrupted):
        train(bench, TrainingState(step=2))
    assert not (bench.run_folder / "checkpoints").exists()


@pytest.mark.parametrize("keep", [1, 2])
def test_old_checkpoints_are_removed_and_the_last_step_always_has_one(bench_for: BenchFor, keep: int) -> None:
    bench = bench_for(epochs=2, checkpoint_every=3, keep_checkpoints=keep)
    train(bench, TrainingState())
    folders = sorted((bench.run_folder / "checkpoints").iterdir())
    assert [folder.name for folder in folders] == ["step-000009", "step-000010"][-keep:]
    assert [damage_of(folder) for folder in folders] == [None] * keep


def test_a_run_folder_can_be_anywhere(bench_for: BenchFor, tmp_path: Path) -> None:
    bench = bench_for("a name with spaces/ünïcode", epochs=1, examples=4)
    assert train(bench, TrainingState()).step == 1
