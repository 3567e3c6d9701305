from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM

from luthier.domain.models import BaseUnsupported
from luthier.engine.checkpoints import TrainingState
from luthier.engine.loading import load_base
from luthier.engine.loop import Bench, train
from luthier.engine.quantised import nf4_config, plain_weight, settle
from tests.engine.kinds import job_for

BenchFor = Callable[..., Bench]
IDS = torch.arange(1, 30).unsqueeze(0)


def test_a_base_in_four_bits_is_close_to_itself_and_takes_an_eighth_of_fp32(wide_base: Path) -> None:
    narrow, wide = load_base(wide_base, "nf4"), load_base(wide_base, "fp32")
    name = "model.layers.0.mlp.up_proj"
    layer, exact = narrow.model.get_submodule(name), wide.model.get_submodule(name).weight
    assert layer.weight.nbytes * 8 == exact.nbytes
    error = (plain_weight(layer).float() - exact).norm() / exact.norm()
    assert 0.01 < error < 0.12  # NF4 of normal numbers is off by about a tenth
    assert narrow.shape == wide.shape


def test_measuring_a_base_in_four_bits_leaves_its_weights_as_they_were(wide_base: Path) -> None:
    """Silent killer: bitsandbytes lays weights out anew when it sees no gradients, and rounds their scales."""
    model = load_base(wide_base, "nf4").model
    layer = model.get_submodule("model.layers.0.mlp.up_proj")
    before = plain_weight(layer).clone()
    with torch.no_grad():
        first, second = model(IDS).logits, model(IDS).logits
    assert torch.equal(first, second)
    assert torch.equal(plain_weight(layer), before)


def test_layers_that_four_bits_would_damage_are_refused(tiny_base: Path) -> None:
    """Silent killer: with 32 columns the quantised weights are off by a third, and nothing says so."""
    with pytest.raises(BaseUnsupported, match="multiple of 64"):
        load_base(tiny_base, "nf4")


@pytest.mark.parametrize("kind", ["lora", "dora", "pissa"])
def test_an_adapter_is_trained_on_a_frozen_base_in_four_bits_and_loaded_by_plain_peft(
    kind: str, bench_for: BenchFor, wide_base: Path, tmp_path: Path
) -> None:
    bench = bench_for(**job_for(kind, precision="nf4", epochs=4, learning_rate=1e-2))
    frozen = plain_weight(bench.base.model.get_submodule("model.layers.0.mlp.up_proj")).clone()
    state = train(bench, TrainingState())
    assert state.held_out_losses[state.step] < 0.9 * state.held_out_losses[0]
    assert torch.equal(plain_weight(bench.base.model.get_submodule("model.layers.0.mlp.up_proj")), frozen)
    assert bench.trained.parameters.values.dtype == torch.float32
    bench.trained.write(tmp_path, "tiny", "revision-1")
    base = AutoModelForCausalLM.from_pretrained(wide_base, dtype=torch.bfloat16, quantization_config=nf4_config())
    settle(base)
    loaded = PeftModel.from_pretrained(base, tmp_path).eval()
    with torch.no_grad():
        torch.testing.assert_close(loaded(IDS).logits, bench.base.model(IDS).logits)
