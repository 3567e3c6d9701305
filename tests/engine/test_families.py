"""Every family of base models is computed as transformers computes it, and trained, resumed, saved and loaded again."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM

from luthier.data.packing import pack
from luthier.domain.adapters import FullSettings, LoraSettings
from luthier.engine.checkpoints import TrainingState, restore
from luthier.engine.forward import row_loss
from luthier.engine.full import WholeModel
from luthier.engine.fused_layers import fuse_layers
from luthier.engine.loading import load_base
from luthier.engine.loop import Bench, train
from luthier.engine.packed_attention import packed_attention
from tests.builders.models import FAMILIES, a_model_folder
from tests.engine.workers import loss_bits

BenchFor = Callable[..., Bench]
SEQUENCES = [torch.randint(0, 250, (length,), generator=torch.Generator().manual_seed(length)) for length in (25, 14)]


@pytest.fixture(scope="module", params=list(FAMILIES))
def family(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return a_model_folder(tmp_path_factory.mktemp("families") / request.param, family=request.param)


def test_loss_and_every_gradient_of_packed_examples_are_those_of_transformers(family: Path) -> None:
    """With what only some have: windows, soft caps, norms of queries and keys, biases, layers without positions."""
    ours = load_base(family, "fp32").model
    fuse_layers(ours)
    whole = WholeModel(ours, family, lambda: load_base(family, "fp32").model)
    with packed_attention(ours):
        ids = [sequence.numpy().astype("uint32") for sequence in SEQUENCES]
        loss = row_loss(ours, pack(ids, [part >= 0 for part in ids]))
        loss.backward()
    plain = AutoModelForCausalLM.from_pretrained(family, dtype=torch.float32, attn_implementation="eager")
    expected = torch.stack([_plain_loss(plain, sequence) for sequence in SEQUENCES]).sum()
    expected.backward()
    assert loss.item() == pytest.approx(expected.item(), rel=1e-5)
    gradients = whole.parameters.views(whole.parameters.gradients)
    for name, parameter in plain.named_parameters():
        limit = 1e-4 * float(parameter.grad.abs().max()) + 1e-5
        torch.testing.assert_close(gradients[name], parameter.grad, atol=limit, rtol=1e-3, msg=name)


def _plain_loss(model: torch.nn.Module, ids: torch.Tensor) -> torch.Tensor:
    logits = model(ids.unsqueeze(0)).logits[0, :-1]
    return torch.nn.functional.cross_entropy(logits, ids[1:], reduction="sum")


@pytest.mark.parametrize("adapter", [LoraSettings(rank=4, alpha=8), FullSettings(kind="full")], ids=["lora", "full"])
def test_it_is_trained_resumed_saved_and_loaded_again(
    family: Path, adapter: LoraSettings | FullSettings, bench_for: BenchFor, tmp_path: Path
) -> None:
    values = {"adapter": adapter, "max_steps": 2, "checkpoint_every": 1, "learning_rate": 3e-3, "held_out": 0}
    bench = bench_for("whole", base_folder=family, **values)
    train(bench, TrainingState())
    again = bench_for("again", base_folder=family, **values)
    checkpoint = bench.run_folder / "checkpoints" / "step-000001"
    train(again, restore(checkpoint, again.job, again.trained, again.optimiser, pytest.fail))
    assert loss_bits(again.run_folder)[2] == loss_bits(bench.run_folder)[2]
    assert torch.equal(again.trained.parameters.values, bench.trained.parameters.values)
    folder = tmp_path / "result"
    folder.mkdir()
    bench.trained.write(folder, family.name, "revision-1")
    if isinstance(adapter, FullSettings):
        loaded = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.bfloat16)
    else:
        base = AutoModelForCausalLM.from_pretrained(family, dtype=torch.bfloat16)
        loaded = PeftModel.from_pretrained(base, folder, autocast_adapter_dtype=False)
    ids = SEQUENCES[0].unsqueeze(0)
    with torch.no_grad():
        ours, theirs = bench.base.model(ids).logits.float(), loaded.eval()(ids).logits.float()
    assert (ours - theirs).norm() < 0.02 * ours.norm()
