"""Norms and gated activations of the base as single autograd functions, which keep half as much for backward.

A layer is exchanged only if both compute the same bits on a probe; all others stay as they are.
"""

from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import FunctionCtx, once_differentiable
from transformers import PreTrainedModel


def fuse_layers(model: PreTrainedModel) -> None:
    """In place."""
    with torch.no_grad():
        for module in model.modules():
            if _is_rms_norm(module):
                module.forward = FusedRmsNorm(module)
            elif _is_gated(module):
                module.forward = FusedGate(module)


class FusedRmsNorm:
    """Stands in for the `forward` of an RMS norm (Zhang & Sennrich 2019, arXiv 1910.07467)."""

    def __init__(self, module: nn.Module) -> None:
        self._weight = module.weight
        self._epsilon = module.variance_epsilon

    def __call__(self, x: Tensor) -> Tensor:
        return _RmsNorm.apply(x, self._weight, self._epsilon)


class FusedGate:
    """Stands in for the `forward` of down(silu(gate(x)) * up(x)) (Shazeer 2020, arXiv 2002.05202)."""

    def __init__(self, module: nn.Module) -> None:
        self._module = module

    def __call__(self, x: Tensor) -> Tensor:
        module = self._module
        return module.down_proj(_SiluTimes.apply(module.gate_proj(x), module.up_proj(x)))


class _RmsNorm(torch.autograd.Function):
    @staticmethod
    def forward(ctx: FunctionCtx, x: Tensor, weight: Tensor, epsilon: float) -> Tensor:
        wide = x.float()
        inverse = torch.rsqrt(wide.pow(2).mean(-1, keepdim=True) + epsilon)
        ctx.save_for_backward(x, weight, inverse)
        return weight * (wide * inverse).to(x.dtype)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        x, weight, inverse = ctx.saved_tensors
        unit = x.float() * inverse
        inner = (grad * weight).float()
        d_weight = (grad.float() * unit).flatten(0, -2).sum(0).to(weight.dtype) if ctx.needs_input_grad[1] else None
        inner.addcmul_(unit, (inner * unit).mean(-1, keepdim=True), value=-1.0)
        return inner.mul_(inverse).to(x.dtype), d_weight, None


class _SiluTimes(torch.autograd.Function):
    @staticmethod
    def forward(ctx: FunctionCtx, gate: Tensor, up: Tensor) -> Tensor:
        ctx.save_for_backward(gate, up)
        return nn.functional.silu(gate).mul_(up)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor]:
        gate, up = ctx.saved_tensors
        d_gate = torch.ops.aten.silu_backward(grad * up, gate)
        return d_gate, nn.functional.silu(gate).mul_(grad)


def _is_rms_norm(module: nn.Module) -> bool:
    if not (type(module).__name__.endswith("RMSNorm") and hasattr(module, "variance_epsilon")):
        return False
    return _agree(module, FusedRmsNorm(module), module.weight)


def _is_gated(module: nn.Module) -> bool:
    if not all(isinstance(getattr(module, name, None), nn.Module) for name in ("gate_proj", "up_proj", "down_proj")):
        return False
    return _agree(module, FusedGate(module), module.gate_proj.weight)


def _agree(module: nn.Module, fused: FusedRmsNorm | FusedGate, weight: Tensor) -> bool:
    probe = torch.linspace(-3, 3, 2 * weight.shape[-1], dtype=weight.dtype).view(1, 2, -1)
    return torch.equal(module(probe), fused(probe))
