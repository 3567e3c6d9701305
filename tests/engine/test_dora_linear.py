"""DoRA as one function computes what its paper says and what PEFT computes."""

from pathlib import Path

import pytest
import torch
from peft import LoraConfig
from peft.tuners.lora import Linear as PeftLinear
from torch import Tensor, nn

from luthier.domain.adapters import DoraSettings
from luthier.engine.adapters import Adapter, attach
from luthier.engine.determinism import seed_for
from luthier.engine.dora_linear import FusedDora, norms_of
from luthier.engine.loading import load_base
from luthier.engine.lora_linear import Weights, dropped

IDS = torch.arange(1, 30).unsqueeze(0)


def shaken(folder: Path, fused: bool) -> tuple[nn.Module, Adapter]:
    """Every value of the adapter moved away from where it began, the same for both."""
    base = load_base(folder, "fp32")
    seed_for(1, 0)
    adapter = attach(base.model, DoraSettings(kind="dora", rank=4, alpha=8), fused=fused)
    noise = torch.Generator().manual_seed(3)
    for name, parameter in sorted(base.model.named_parameters()):
        if parameter.requires_grad:
            parameter.data += 0.1 * torch.randn(parameter.shape, generator=noise) * parameter.data.std().clamp(min=0.1)
            assert "lora" in name
    adapter.refresh()
    return base.model, adapter


def test_outputs_and_gradients_are_those_of_peft(tiny_base: Path) -> None:
    found = {}
    for fused in (True, False):
        model, _ = shaken(tiny_base, fused)
        assert any(isinstance(module.__dict__.get("forward"), FusedDora) for module in model.modules()) is fused
        loss = model(IDS).logits.float().log_softmax(-1)[..., 7].sum()
        loss.backward()
        found[fused] = (loss.detach(), {n: p.grad for n, p in model.named_parameters() if p.grad is not None})
    torch.testing.assert_close(found[True][0], found[False][0], atol=1e-4, rtol=1e-5)
    assert found[True][1].keys() == found[False][1].keys()
    assert any("magnitude" in name for name in found[True][1])
    for name, gradient in found[True][1].items():
        torch.testing.assert_close(
            gradient, found[False][1][name], atol=1e-4, rtol=1e-4, msg=lambda m, n=name: f"{n}: {m}"
        )


@pytest.mark.parametrize("dropout", [0.0, 0.4])
@pytest.mark.parametrize("biased", [False, True])
def test_it_is_the_formula_of_the_paper_with_norms_held_constant(dropout: float, biased: bool) -> None:
    torch.manual_seed(1)
    base = nn.Linear(24, 16, bias=biased)
    layer = PeftLinear(base, "default", config=_config(), r=3, lora_alpha=6)
    for parameter in (layer.lora_A["default"].weight, layer.lora_B["default"].weight):
        nn.init.normal_(parameter, std=0.3)
    lengths = layer.lora_magnitude_vector["default"].weight
    lengths.data *= 1.2
    a, b, x = layer.lora_A["default"].weight, layer.lora_B["default"].weight, torch.randn(10, 24, requires_grad=True)
    weights = Weights(base.weight.data, base.bias.data if biased else None, a.data, b.data, scale=2.0)
    function = FusedDora(layer.train(), weights, dropout)

    torch.manual_seed(5)
    ours = gradients(function(x), (x, a, b, lengths))
    torch.manual_seed(5)
    keep = dropped(x.detach(), dropout)
    seen = x if keep is None else x * keep
    whole = base.weight.detach() + 2 * b @ a
    scale = lengths / whole.detach().norm(dim=1)
    formula = x @ base.weight.detach().T + (seen @ whole.T) * scale - seen @ base.weight.detach().T
    expected = gradients(formula if not biased else formula + base.bias.detach(), (x, a, b, lengths))
    for one, other in zip(ours, expected, strict=True):
        torch.testing.assert_close(one, other, atol=1e-4, rtol=1e-4)


def test_norms_are_exact_without_the_product() -> None:
    weight, a, b = torch.randn(40, 24), torch.randn(3, 24), torch.randn(40, 3)
    found = norms_of(Weights(weight, None, a, b, 0.7), a, b, weight.square().sum(1))
    torch.testing.assert_close(found, (weight + 0.7 * b @ a).norm(dim=1))


def gradients(out: Tensor, of: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    return (out.detach(), *torch.autograd.grad((out * torch.linspace(-1, 1, out.numel()).view_as(out)).sum(), of))


def _config() -> LoraConfig:

    return LoraConfig(r=3, lora_alpha=6, use_dora=True)
