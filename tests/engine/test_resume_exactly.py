"""Every kind of training goes on from a checkpoint bit for bit; killing at every moment is in test_kill_and_resume."""

import shutil
from collections.abc import Callable

import pytest
import torch

from luthier.domain.runs import CheckpointMismatch
from luthier.engine.checkpoints import TrainingState, restore
from luthier.engine.loop import Bench, train
from luthier.kit.files import read_json, sealed_folder, write_json
from tests.engine.kinds import ADAPTERS, job_for
from tests.engine.workers import loss_bits

BenchFor = Callable[..., Bench]
CELLS = {
    **{name: job_for(name) for name in ADAPTERS},
    "lora in small parts": job_for("lora", micro_batch_tokens=64, weight_decay=0.1),
    "pissa with decay": job_for("pissa", weight_decay=0.1),
    "lora on nf4": job_for("lora", precision="nf4"),
    "dora in fp32": job_for("dora", precision="fp32"),
    "full": job_for("full"),
    "full in fp32": job_for("full", precision="fp32", weight_decay=0.1),
    "full, layers twice": job_for("full", gradient_checkpointing=True, micro_batch_tokens=64),
    "dora, layers twice": job_for("dora", gradient_checkpointing=True),
}


@pytest.mark.parametrize("cell", CELLS)
def test_a_resumed_run_repeats_the_bits_of_one_that_was_never_interrupted(cell: str, bench_for: BenchFor) -> None:
    values = {"max_steps": 4, "checkpoint_every": 2, "keep_checkpoints": 5, "learning_rate": 1e-2, "held_out": 0}
    whole = bench_for("whole", **values, **CELLS[cell])
    train(whole, TrainingState())
    resumed = bench_for("resumed", **values, **CELLS[cell])
    folder = whole.run_folder / "checkpoints" / "step-000002"
    state = restore(folder, resumed.job, resumed.trained, resumed.optimiser, pytest.fail)
    train(resumed, state)
    bits, again = loss_bits(whole.run_folder), loss_bits(resumed.run_folder)
    assert list(again) == [3, 4]
    assert again == {step: bits[step] for step in again}
    assert torch.equal(resumed.trained.parameters.values, whole.trained.parameters.values)
    assert len(set(bits.values())) == 4


def test_a_checkpoint_from_before_a_setting_existed_is_still_this_run_s(bench_for: BenchFor) -> None:
    bench = bench_for("first", max_steps=2, checkpoint_every=1, held_out=0, adapter=ADAPTERS["lora"])
    train(bench, TrainingState())
    folder = bench.run_folder / "checkpoints" / "step-000001"
    document = read_json(folder / "state.json")
    for name in ("scaling", "init", "b_rate_ratio"):
        del document["identity"]["adapter settings"][name]
    del document["identity"]["training settings"]["gradient_checkpointing"]
    with sealed_folder(bench.run_folder / "checkpoints" / "step-000099", {"step": 1}) as staging:
        for name in ("adapter.safetensors", "optimiser.safetensors"):
            shutil.copy2(folder / name, staging)
        write_json(staging / "state.json", document)
    older = bench.run_folder / "checkpoints" / "step-000099"
    assert restore(older, bench.job, bench.trained, bench.optimiser, pytest.fail).step == 1


def test_a_checkpoint_of_another_kind_of_training_is_refused(bench_for: BenchFor) -> None:
    bench = bench_for("lora", max_steps=1, held_out=0, **job_for("lora"))
    train(bench, TrainingState())
    folder = bench.run_folder / "checkpoints" / "step-000001"
    other = bench_for("rslora", max_steps=1, held_out=0, **job_for("rslora"))
    with pytest.raises(CheckpointMismatch, match="adapter settings"):
        restore(folder, other.job, other.trained, other.optimiser, pytest.fail)


def test_a_checkpoint_of_other_examples_is_refused_before_anything_has_changed(bench_for: BenchFor) -> None:
    """Silent killer: training that goes on in the middle of an epoch of a file that was edited meanwhile."""
    bench = bench_for(max_steps=1, held_out=0, **job_for("lora"))
    train(bench, TrainingState())
    folder, values = bench.run_folder / "checkpoints" / "step-000001", bench.trained.parameters.values
    before, edited = values.zero_().clone(), bench.job.model_copy(update={"data_sha256": "data-2"})
    with pytest.raises(CheckpointMismatch, match="data"):
        restore(folder, edited, bench.trained, bench.optimiser, pytest.fail)
    assert torch.equal(values, before)
