import json
from pathlib import Path

import pytest
import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM

from luthier.data.packing import pack
from luthier.domain.adapters import AdapterTargetsUnknown, LoraSettings
from luthier.engine.adapters import Adapter, attach
from luthier.engine.determinism import seed_for
from luthier.engine.forward import row_loss
from luthier.engine.loading import LoadedBase, load_base
from luthier.engine.packed_attention import packed_attention


def tuned(folder: Path, *, fused: bool, dropout: float = 0.0) -> tuple[LoadedBase, Adapter]:
    """With adapter values that are far from their first ones, so that both factors matter."""
    base = load_base(folder, "fp32")
    adapter = attach(base.model, LoraSettings(rank=4, alpha=8, dropout=dropout), fused=fused)
    values = adapter.parameters.values
    values.copy_(torch.randn(values.shape, generator=torch.Generator().manual_seed(2)) * 0.2)
    adapter.refresh()
    return base, adapter


def a_row():
    ids = torch.randint(0, 250, (90,), generator=torch.Generator().manual_seed(1)).numpy().astype("uint32")
    parts = [ids[:20], ids[20:]]
    return pack(parts, [part > 60 for part in parts])


def loss_and_gradient(base: LoadedBase, adapter: Adapter) -> tuple[float, torch.Tensor]:
    seed_for(1, 1)
    with packed_attention(base.model), adapter.training():
        loss = row_loss(base.model, a_row())
        loss.backward()
    return loss.item(), adapter.parameters.gradients


def test_fused_layers_compute_what_peft_computes(tiny_base: Path) -> None:
    fused_loss, fused_gradient = loss_and_gradient(*tuned(tiny_base, fused=True))
    peft_loss, peft_gradient = loss_and_gradient(*tuned(tiny_base, fused=False))
    assert fused_loss == pytest.approx(peft_loss, rel=1e-6)
    torch.testing.assert_close(fused_gradient, peft_gradient, atol=1e-4, rtol=1e-4)


def test_the_gradient_under_dropout_is_that_of_the_values_it_kept(tiny_base: Path) -> None:
    """Against finite differences along a random direction, with the same dropout drawn every time."""
    base, adapter = tuned(tiny_base, fused=True, dropout=0.3)
    values = adapter.parameters.values
    direction = torch.randn(values.shape, generator=torch.Generator().manual_seed(5))
    _, gradient = loss_and_gradient(base, adapter)
    slope = float(gradient.double() @ direction.double())
    losses = []
    for side in (1e-3, -1e-3):
        values.add_(direction, alpha=side)
        losses.append(loss_and_gradient(base, adapter)[0])
        values.sub_(direction, alpha=side)
    assert (losses[0] - losses[1]) / 2e-3 == pytest.approx(slope, rel=0.02)


def test_a_disabled_adapter_leaves_exactly_the_base(tiny_base: Path) -> None:
    base, adapter = tuned(tiny_base, fused=True)
    plain = load_base(tiny_base, "fp32").model
    ids = torch.arange(1, 30).unsqueeze(0)
    with torch.no_grad(), adapter.disabled():
        torch.testing.assert_close(base.model(ids).logits, plain(ids).logits)
    with torch.no_grad():
        assert not torch.allclose(base.model(ids).logits, plain(ids).logits, atol=1e-2)


def test_a_saved_adapter_is_loaded_by_plain_peft_and_says_the_same(tiny_base: Path, tmp_path: Path) -> None:
    base, adapter = tuned(tiny_base, fused=True)
    adapter.write(tmp_path, "tiny", "revision-1")
    plain = AutoModelForCausalLM.from_pretrained(tiny_base, dtype=torch.float32)
    loaded = PeftModel.from_pretrained(plain, tmp_path).eval()
    ids = torch.arange(1, 30).unsqueeze(0)
    with torch.no_grad():
        torch.testing.assert_close(loaded(ids).logits, base.model(ids).logits, atol=1e-4, rtol=1e-4)
    config = json.loads((tmp_path / "adapter_config.json").read_text())
    assert (config["base_model_name_or_path"], config["revision"]) == ("tiny", "revision-1")


def test_products_in_bf16_leave_values_and_gradients_in_fp32(tiny_base: Path) -> None:
    base = load_base(tiny_base, "bf16")
    adapter = attach(base.model, LoraSettings(rank=4), fused=True)
    _, gradient = loss_and_gradient(base, adapter)
    assert adapter.parameters.values.dtype == gradient.dtype == torch.float32
    assert gradient.any()
    assert all(parameter.grad is None for parameter in base.model.parameters() if not parameter.requires_grad)


def test_all_linear_covers_every_layer_but_the_head(tiny_base: Path) -> None:
    _, adapter = tuned(tiny_base, fused=True)
    modules = {name.split(".lora_")[0].rsplit(".", 1)[1] for name in adapter.parameters.names}
    assert modules == {"q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"}
    assert len(adapter.parameters.names) == 2 * 2 * 7


@pytest.mark.parametrize(
    "targets", [("nothing_of_that_name",), ("q_proj", "k_pro"), ("lm_head",), ("q_proj", "embed_tokens")]
)
def test_a_target_that_would_be_dropped_in_silence_is_refused(tiny_base: Path, targets: tuple[str, ...]) -> None:
    base = load_base(tiny_base, "fp32")
    with pytest.raises(AdapterTargetsUnknown):
        attach(base.model, LoraSettings(targets=targets), fused=True)
