from pathlib import Path

import pytest
import torch
from torch import nn

from luthier.engine.fused_layers import FusedGate, FusedRmsNorm, fuse_layers
from luthier.engine.loading import load_base

PRECISIONS = [torch.float32, torch.bfloat16]


@pytest.fixture
def layer(tiny_base: Path) -> nn.Module:
    return load_base(tiny_base, "fp32").model.base_model.layers[0]


def gradient_of(forward: nn.Module | FusedRmsNorm | FusedGate, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    x = x.clone().requires_grad_()
    out = forward(x)
    (out * torch.linspace(-1, 1, out.numel(), dtype=out.dtype).view_as(out)).sum().backward()
    assert x.grad is not None
    return out, x.grad


@pytest.mark.parametrize("precision", PRECISIONS)
def test_an_exchanged_norm_gives_the_same_bits_and_the_same_gradient(layer: nn.Module, precision: torch.dtype) -> None:
    norm = layer.input_layernorm.to(precision)
    norm.weight.data.uniform_(0.5, 1.5)
    x = torch.randn(5, 32, generator=torch.Generator().manual_seed(1)).to(precision)
    out, gradient = gradient_of(FusedRmsNorm(norm), x)
    plain_out, plain_gradient = gradient_of(norm, x)
    assert torch.equal(out, plain_out)
    torch.testing.assert_close(gradient, plain_gradient)


@pytest.mark.parametrize("precision", PRECISIONS)
def test_an_exchanged_gate_gives_the_same_bits_and_the_same_gradient(layer: nn.Module, precision: torch.dtype) -> None:
    mlp = layer.mlp.to(precision)
    x = torch.randn(5, 32, generator=torch.Generator().manual_seed(1)).to(precision)
    out, gradient = gradient_of(FusedGate(mlp), x)
    plain_out, plain_gradient = gradient_of(mlp, x)
    assert torch.equal(out, plain_out)
    torch.testing.assert_close(gradient, plain_gradient, atol=0.05, rtol=0.05)


def test_every_norm_and_gate_of_a_llama_is_exchanged(tiny_base: Path) -> None:
    model = load_base(tiny_base, "bf16").model
    fuse_layers(model)
    forwards = [type(module.forward) for module in model.modules()]
    assert (forwards.count(FusedRmsNorm), forwards.count(FusedGate)) == (5, 2)


def test_a_norm_that_computes_something_else_stays_as_it_is(tiny_base: Path) -> None:
    class ShiftedRMSNorm(nn.Module):
        """Gemma's norm: the same names, and another formula."""

        def __init__(self, width: int) -> None:
            super().__init__()
            self.weight = nn.Parameter(torch.ones(width))
            self.variance_epsilon = 1e-6

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + self.variance_epsilon) * (1 + self.weight)

    model = load_base(tiny_base, "fp32").model
    model.base_model.norm = ShiftedRMSNorm(32)
    fuse_layers(model)
    assert not isinstance(model.base_model.norm.forward, FusedRmsNorm)
