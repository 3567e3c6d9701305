import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM, PreTrainedModel

from luthier.data.packing import pack
from luthier.data.render import Renderer
from luthier.engine.checkpoints import TrainingState
from luthier.engine.forward import row_loss
from luthier.engine.full import WholeModel
from luthier.engine.fused_layers import fuse_layers
from luthier.engine.loading import load_base
from luthier.engine.loop import Bench, train
from luthier.engine.packed_attention import packed_attention
from tests.engine.kinds import job_for
from tests.engine.workers import facts_of, loss_bits

BenchFor = Callable[..., Bench]
IDS = torch.arange(1, 40).unsqueeze(0)


def whole(folder: Path, precision: str) -> tuple[PreTrainedModel, WholeModel]:
    model = load_base(folder, precision).model
    fuse_layers(model)
    return model, WholeModel(model, folder, lambda: load_base(folder, precision).model)


def gradients(model: PreTrainedModel, trained: WholeModel) -> dict[str, torch.Tensor]:
    ids = IDS[0].numpy().astype("uint32")
    with packed_attention(model):
        row_loss(model, pack([ids], [ids > 0])).backward()
    return trained.parameters.views(trained.parameters.gradients)


def test_every_weight_gets_the_gradient_that_transformers_computes(tiny_base: Path) -> None:
    """With tied embeddings, norms and all: the loss of our own functions against that of the library."""
    ours = gradients(*whole(tiny_base, "fp32"))
    plain = AutoModelForCausalLM.from_pretrained(tiny_base, dtype=torch.float32)
    logits = plain(IDS).logits[0, :-1]
    torch.nn.functional.cross_entropy(logits, IDS[0, 1:], reduction="sum").backward()
    expected = {name: parameter.grad for name, parameter in plain.named_parameters()}
    assert set(ours) == set(expected)
    for name, gradient in ours.items():
        torch.testing.assert_close(gradient, expected[name], atol=1e-3, rtol=1e-4, msg=name)


def test_gradients_of_a_model_in_bf16_are_gathered_in_fp32_over_several_passes(tiny_base: Path) -> None:
    model, trained = whole(tiny_base, "bf16")
    once = {name: part.clone() for name, part in gradients(model, trained).items()}
    twice = gradients(model, trained)
    assert all(part.dtype == torch.float32 for part in twice.values())
    assert all(torch.equal(twice[name], 2 * part) for name, part in once.items())
    assert all(parameter.grad is None and parameter.dtype == torch.bfloat16 for parameter in model.parameters())


def test_a_step_too_small_for_bf16_is_not_lost(tiny_base: Path) -> None:
    """Silent killer: weights that are updated in bf16 do not move at all at a usual learning rate."""
    _, trained = whole(tiny_base, "bf16")
    before = trained.parameters.values.clone()
    for _ in range(3):
        trained.parameters.values.mul_(1 + 1e-4)
        trained.refresh()
    assert (trained.parameters.values - before).abs().max() > 2e-4 * before.abs().max()


@pytest.mark.parametrize("precision", ["bf16", "fp32"])
def test_the_result_is_a_model_folder_that_plain_transformers_loads_and_that_says_the_same(
    bench_for: BenchFor, tmp_path: Path, precision: str
) -> None:
    bench = bench_for(**job_for("full", precision=precision, max_steps=3, learning_rate=1e-2, held_out=0))
    train(bench, TrainingState())
    folder = tmp_path / "model"
    folder.mkdir()
    bench.trained.write(folder, "tiny", "revision-1")
    loaded, loading = AutoModelForCausalLM.from_pretrained(folder, output_loading_info=True)
    assert not any(loading[what] for what in ("missing_keys", "unexpected_keys", "mismatched_keys"))
    base = AutoModelForCausalLM.from_pretrained(bench.job.base_folder, dtype=loaded.dtype)
    with torch.no_grad():
        torch.testing.assert_close(loaded(IDS).logits, bench.base.model(IDS).logits)
        assert not torch.allclose(loaded(IDS).logits, base(IDS).logits, atol=0.1)
    assert json.loads((folder / "config.json").read_text())["model_type"] == "llama"
    assert Renderer(folder).stop_ids == bench.base.renderer.stop_ids
    assert "revision-1" in (folder / "README.md").read_text()


def test_while_it_is_disabled_the_model_is_the_base_and_afterwards_what_it_was(bench_for: BenchFor) -> None:
    bench = bench_for(**job_for("full", max_steps=3, learning_rate=1e-2, held_out=0))
    base = load_base(Path(bench.job.base_folder), "bf16").model
    train(bench, TrainingState())
    with torch.no_grad():
        expected = base(IDS).logits
        tuned = bench.base.model(IDS).logits
        with bench.trained.disabled():
            torch.testing.assert_close(bench.base.model(IDS).logits, expected)
        assert torch.equal(bench.base.model(IDS).logits, tuned)
    assert not torch.equal(tuned, expected)


def test_training_every_weight_lowers_the_loss_on_what_is_held_out(bench_for: BenchFor) -> None:
    bench = bench_for(**job_for("full", epochs=6, learning_rate=3e-3))
    state = train(bench, TrainingState())
    assert state.held_out_losses[state.step] < 0.8 * state.held_out_losses[0]
    assert bench.trained.trainable_parameters == bench.base.shape.parameters


@pytest.mark.parametrize("kind", ["full", "lora", "dora"])
def test_computing_layers_twice_changes_no_bit_of_the_losses(bench_for: BenchFor, kind: str) -> None:
    """With dropout, which has to draw the same numbers the second time."""
    runs = []
    for twice in (False, True):
        job = job_for(kind, gradient_checkpointing=twice, max_steps=3, learning_rate=1e-2, held_out=0)
        if kind == "lora":
            job["adapter"] = job["adapter"].model_copy(update={"dropout": 0.3})
        bench = bench_for(f"{kind}-{twice}", **job)
        train(bench, TrainingState())
        runs.append((loss_bits(bench.run_folder), bench.trained.parameters.values))
    assert runs[0][0] == runs[1][0]
    assert torch.equal(runs[0][1], runs[1][1])


def test_layers_computed_twice_keep_less_for_backward(bench_for: BenchFor) -> None:
    kept = []
    for twice in (False, True):
        bench = bench_for(f"twice-{twice}", **job_for("full", gradient_checkpointing=twice, max_steps=1, held_out=0))
        total = 0

        def count(tensor: torch.Tensor) -> torch.Tensor:
            nonlocal total
            total += tensor.nbytes
            return tensor

        with torch.autograd.graph.saved_tensors_hooks(count, lambda tensor: tensor):
            train(bench, TrainingState())
        kept.append(total)
    assert len([fact for fact in facts_of(bench.run_folder) if fact.kind == "step"]) == 1
    assert kept[1] < 0.6 * kept[0]
