from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from peft import PeftModel
from peft.utils.loftq_utils import _low_rank_decomposition

from luthier.domain.adapters import LoraSettings
from luthier.engine.adapters import Adapter
from luthier.engine.checkpoints import TrainingState, restore
from luthier.engine.loading import load_base
from luthier.engine.loop import Bench, train
from luthier.engine.quantised import plain_weight
from luthier.planning.lora_size import adapter_parameters
from tests.engine.workers import loss_bits

BenchFor = Callable[..., Bench]
IDS = torch.arange(1, 30).unsqueeze(0)
LOFTQ = LoraSettings(rank=8, alpha=16, init="loftq")
SHORT = {"precision": "nf4", "kernels": "reference", "learning_rate": 1e-2, "held_out": 0}
LAYER = "base_model.model.model.layers.1.mlp.down_proj"


def layer_of(bench: Bench):
    assert isinstance(bench.trained, Adapter)
    return bench.trained.lora_layers()[LAYER]


def product_of(layer) -> torch.Tensor:
    return (layer.scaling["default"] * layer.lora_B["default"].weight @ layer.lora_A["default"].weight).detach()


def untouched(folder: Path):
    return load_base(folder, "fp32").model


def test_training_begins_nearer_to_the_untouched_base_than_four_bits_are(bench_for: BenchFor, wide_base: Path) -> None:
    bench = bench_for(adapter=LOFTQ, **SHORT)
    layer = layer_of(bench)
    whole = untouched(wide_base).get_submodule(LAYER.removeprefix("base_model.model.")).weight
    held = plain_weight(layer.get_base_layer()).float()
    best = torch.linalg.svdvals(whole - held)[8:].norm()
    assert (whole - held - product_of(layer)).norm() < 1.02 * best < 0.9 * (whole - held).norm()


def test_it_begins_where_pefts_own_decomposition_begins(bench_for: BenchFor, wide_base: Path) -> None:
    """Signs and shares between A and B are free; their product is not."""
    layer = layer_of(bench_for(adapter=LOFTQ, **SHORT))
    whole = untouched(wide_base).get_submodule(LAYER.removeprefix("base_model.model.")).weight
    rest = whole - plain_weight(layer.get_base_layer()).float()
    theirs = _low_rank_decomposition(rest, reduced_rank=8)
    expected = theirs["L"] @ theirs["R"]
    assert (product_of(layer) - expected).norm() < 0.1 * expected.norm()


def test_plain_peft_loads_what_was_learnt_on_the_untouched_base(
    bench_for: BenchFor, wide_base: Path, tmp_path: Path
) -> None:
    """Silent killer: an adapter that makes up for four bits would do so twice on a base that has lost nothing."""
    bench = bench_for(adapter=LOFTQ, max_steps=4, **SHORT)
    bench.trained.write(tmp_path / "begun", "tiny", "revision-1")
    began_at = product_of(layer_of(bench))
    train(bench, TrainingState())
    bench.trained.write(tmp_path / "learnt", "tiny", "revision-1")
    begun = PeftModel.from_pretrained(untouched(wide_base), tmp_path / "begun").eval()
    with torch.no_grad():
        torch.testing.assert_close(begun(IDS).logits, untouched(wide_base)(IDS).logits, atol=1e-4, rtol=1e-4)
    learnt = PeftModel.from_pretrained(untouched(wide_base), tmp_path / "learnt")
    change = learnt.get_submodule(LAYER).get_delta_weight("default")
    torch.testing.assert_close(change, product_of(layer_of(bench)) - began_at, atol=1e-5, rtol=1e-4)
    assert change.norm() > 0.1 * began_at.norm()


def test_its_beginning_is_never_trained_and_the_planner_counts_it(bench_for: BenchFor) -> None:
    bench = bench_for(adapter=LOFTQ, max_steps=3, weight_decay=0.5, **SHORT)
    parameters = bench.trained.parameters
    before = parameters.values.clone()
    train(bench, TrainingState())
    moved = parameters.values != before
    assert not moved[parameters.fixed].any()
    assert moved[~parameters.fixed].float().mean() > 0.99
    assert parameters.values.numel() == adapter_parameters(bench.base.shape, LOFTQ)
    assert bench.trained.trainable_parameters * 2 == parameters.values.numel()


def test_going_on_from_a_checkpoint_repeats_every_bit_and_knows_where_it_began(
    bench_for: BenchFor, tmp_path: Path
) -> None:
    job = {"adapter": LOFTQ, "max_steps": 3, "checkpoint_every": 1, "keep_checkpoints": 5, **SHORT}
    whole, resumed = bench_for("whole", **job), bench_for("resumed", **job)
    train(whole, TrainingState())
    resumed.trained.parameters.values.zero_()
    folder = whole.run_folder / "checkpoints" / "step-000001"
    train(resumed, restore(folder, resumed.job, resumed.trained, resumed.optimiser, pytest.fail))
    bits = loss_bits(whole.run_folder)
    assert loss_bits(resumed.run_folder) == {step: bits[step] for step in (2, 3)}
    for name, bench in (("whole", whole), ("resumed", resumed)):
        bench.trained.write(tmp_path / name, "tiny", "revision-1")
    whole_file, resumed_file = (tmp_path / name / "adapter_model.safetensors" for name in ("whole", "resumed"))
    assert whole_file.read_bytes() == resumed_file.read_bytes()
