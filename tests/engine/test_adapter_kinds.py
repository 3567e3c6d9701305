import json
import math
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM

from luthier.domain.adapters import AdapterTargetsUnknown, Ia3Settings, LoraSettings
from luthier.engine.adapters import attach
from luthier.engine.checkpoints import TrainingState
from luthier.engine.determinism import seed_for
from luthier.engine.loading import load_base
from luthier.engine.loop import Bench, train
from luthier.engine.lora_start import orthonormal_parts, principal_parts
from luthier.planning.lora_size import adapter_parameters
from tests.builders.models import a_model_folder
from tests.engine.kinds import ADAPTERS, job_for

BenchFor = Callable[..., Bench]
IDS = torch.arange(1, 30).unsqueeze(0)
AT_WEIGHTS = ["pissa", "olora"]


def attached(folder: Path, kind: str, fused: bool = False):
    base = load_base(folder, "fp32")
    seed_for(1, 0)
    return base, attach(base.model, ADAPTERS[kind], fused=fused)


@pytest.mark.parametrize("kind", ADAPTERS)
def test_an_adapter_of_every_kind_begins_as_the_base(kind: str, tiny_base: Path) -> None:
    plain = load_base(tiny_base, "fp32").model
    base, _ = attached(tiny_base, kind)
    with torch.no_grad():
        torch.testing.assert_close(base.model(IDS).logits, plain(IDS).logits, atol=2e-4, rtol=1e-4)


@pytest.mark.parametrize("kind", ADAPTERS)
def test_an_adapter_of_every_kind_learns_and_plain_peft_loads_it_on_the_untouched_base(
    kind: str, bench_for: BenchFor, tiny_base: Path, tmp_path: Path
) -> None:
    bench = bench_for(**job_for(kind, precision="fp32", max_steps=4, learning_rate=3e-2, held_out=0))
    train(bench, TrainingState())
    bench.trained.write(tmp_path, "tiny", "revision-1")
    loaded = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(tiny_base, dtype=torch.float32), tmp_path)
    untouched = AutoModelForCausalLM.from_pretrained(tiny_base, dtype=torch.float32)
    with torch.no_grad():
        ours = bench.base.model(IDS).logits
        torch.testing.assert_close(loaded.eval()(IDS).logits, ours, atol=3e-4, rtol=1e-4)
        assert (ours - untouched(IDS).logits).abs().max() > 0.05
        with bench.trained.disabled():
            assert torch.equal(bench.base.model(IDS).logits, untouched(IDS).logits)


@pytest.mark.parametrize("kind", ADAPTERS)
def test_the_planner_counts_what_the_engine_trains(kind: str, tiny_base: Path) -> None:
    base, adapter = attached(tiny_base, kind)
    assert adapter.parameters.values.numel() == adapter_parameters(base.shape, ADAPTERS[kind])


@pytest.mark.parametrize("kind", AT_WEIGHTS)
def test_what_it_began_as_is_never_trained_not_even_by_weight_decay(kind: str, bench_for: BenchFor) -> None:
    job = job_for(kind, max_steps=3, learning_rate=1e-2, weight_decay=0.5, held_out=0)
    bench = bench_for(**job)
    fixed = bench.trained.parameters.fixed
    before = bench.trained.parameters.values.clone()
    train(bench, TrainingState())
    moved = bench.trained.parameters.values != before
    assert not moved[fixed].any()
    assert moved[~fixed].float().mean() > 0.99
    assert bench.trained.trainable_parameters == int((~fixed).sum())


def test_pissa_begins_at_the_best_approximation_of_that_rank() -> None:
    """Against the full singular value decomposition (Eckart & Young 1936), on noise, which is the hardest case."""
    weight = torch.randn(96, 160, generator=torch.Generator().manual_seed(3))
    a, b = principal_parts(weight, 6, scale=2.0)
    best = torch.linalg.svdvals(weight)[6:].norm()
    assert (weight - 2.0 * b @ a).norm() < 1.001 * best
    torch.testing.assert_close(a.norm(dim=1), b.norm(dim=0), atol=1e-4, rtol=1e-4)


def test_olora_begins_with_orthonormal_columns() -> None:
    weight = torch.randn(24, 40, generator=torch.Generator().manual_seed(3))
    a, b = orthonormal_parts(weight, 6)
    torch.testing.assert_close(b.t() @ b, torch.eye(6), atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(b @ a, b @ b.t() @ weight, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("kind", AT_WEIGHTS)
def test_its_gradient_is_that_of_peft_which_takes_the_part_out_of_the_weight(kind: str, tiny_base: Path) -> None:
    """PEFT changes the base; we do not. Both are the same function of A and B, and so have the same gradient."""
    settings = ADAPTERS[kind]
    assert isinstance(settings, LoraSettings)
    base, adapter = attached(tiny_base, kind)
    base.model(IDS, labels=IDS).loss.backward()
    ours = adapter.parameters.views(adapter.parameters.gradients)
    plain = AutoModelForCausalLM.from_pretrained(tiny_base, dtype=torch.float32)
    name = "model.layers.1.mlp.down_proj"
    layer = plain.get_submodule(name)
    scale = settings.alpha / (math.sqrt(settings.rank) if settings.scaling == "rslora" else settings.rank)
    mine = adapter.parameters.views(adapter.parameters.values)
    key = f"base_model.model.{name}.lora_{{}}.default.weight"
    a = mine[key.format("A")][: settings.rank].clone().requires_grad_()
    b = mine[key.format("B")][:, : settings.rank].clone().requires_grad_()
    residual = (layer.weight - scale * b @ a).detach()
    layer.forward = lambda x: x @ (residual + scale * b @ a).t()
    plain(IDS, labels=IDS).loss.backward()
    torch.testing.assert_close(ours[key.format("A")][: settings.rank], a.grad, atol=1e-4, rtol=1e-3)
    torch.testing.assert_close(ours[key.format("B")][:, : settings.rank], b.grad, atol=1e-4, rtol=1e-3)


def test_rslora_scales_by_the_root_of_the_rank_and_says_so_to_peft(tiny_base: Path, tmp_path: Path) -> None:
    _, adapter = attached(tiny_base, "rslora")
    adapter.write(tmp_path, "tiny", "revision-1")
    config = json.loads((tmp_path / "adapter_config.json").read_text())
    assert config["use_rslora"] is True and (config["r"], config["lora_alpha"]) == (4, 8)


def test_b_learns_as_many_times_faster_as_lora_plus_says(bench_for: BenchFor) -> None:
    """Adam's first step is the learning rate in every place, so the sizes of the moves are the rates."""
    bench = bench_for(**job_for("lora+", max_steps=1, learning_rate=1e-3, warmup_ratio=0.0, held_out=0))
    before = bench.trained.parameters.values.clone()
    bench.trained.parameters.gradients.normal_()
    bench.optimiser.update(1, 0.5, bench.job.settings)
    moves = bench.trained.parameters.views((bench.trained.parameters.values - before).abs())
    for name, move in moves.items():
        expected = 16e-3 if ".lora_B." in name else 1e-3
        assert float(move.max()) == pytest.approx(expected, rel=1e-2)


def test_scales_without_their_usual_layers_are_refused_with_a_sentence(tmp_path: Path) -> None:
    base = load_base(a_model_folder(tmp_path, family="phi3"), "fp32")
    with pytest.raises(AdapterTargetsUnknown, match="no such layers"):
        attach(base.model, Ia3Settings(kind="ia3"), fused=False)
