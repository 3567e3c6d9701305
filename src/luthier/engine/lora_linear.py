"""A LoRA linear as one autograd function: nothing is saved but its input, and the frozen weight gets no gradient.

With W frozen, X the input, A and B the adapter, s its scale: Y = X Wᵀ + s (X Aᵀ) Bᵀ. Given G = dY and P = s G B:
dX = G W + P A, dA = Pᵀ X, dB = s Gᵀ (X Aᵀ) with X Aᵀ computed again. Products run in the base's precision on
copies of A and B ("shadows"); A, B and their gradients stay fp32.
"""

from dataclasses import dataclass
from typing import Any

import torch
from peft.tuners.lora import Linear as PeftLinear
from torch import Tensor
from torch.autograd.function import FunctionCtx, once_differentiable


@dataclass(frozen=True, eq=False)
class Weights:
    """`weight` [out, in], `a` [rank, in] and `b` [out, rank] are in the precision that products run in."""

    weight: Tensor
    bias: Tensor | None
    a: Tensor
    b: Tensor
    scale: float


class FusedLora:
    """Stands in for the `forward` of one PEFT linear. Everything else of that module stays PEFT's."""

    def __init__(self, layer: PeftLinear, weights: Weights, dropout: float) -> None:
        self._layer = layer
        self._weights = weights
        self._dropout = dropout
        self._a = layer.lora_A["default"].weight
        self._b = layer.lora_B["default"].weight

    def __call__(self, x: Tensor, *arguments: Any, **options: Any) -> Tensor:
        if self._layer.disable_adapters or self._layer.merged or arguments or options:
            return PeftLinear.forward(self._layer, x, *arguments, **options)
        rows = x.reshape(-1, x.shape[-1])
        keep = dropped(rows, self._dropout if self._layer.training else 0.0)
        return self._product(rows, keep).view(*x.shape[:-1], -1)

    def _product(self, rows: Tensor, keep: Tensor | None) -> Tensor:
        """[rows, out]; `keep` is what dropout multiplies the adapter's input by."""
        out: Tensor = _LoraLinear.apply(rows, self._a, self._b, self._weights, keep)
        return out


def dropped(rows: Tensor, share: float) -> Tensor | None:
    """What multiplies `rows` so that this share of them is dropped: 0 or 1 / (1 - share); None when none is."""
    return torch.empty_like(rows).bernoulli_(1 - share).div_(1 - share) if share else None


class _LoraLinear(torch.autograd.Function):
    """`keep` is None or the dropout of the adapter's input: 0 or 1 / (1 - p), [rows, in]."""

    @staticmethod
    def forward(ctx: FunctionCtx, x: Tensor, a: Tensor, b: Tensor, weights: Weights, keep: Tensor | None) -> Tensor:
        out = torch.nn.functional.linear(x, weights.weight, weights.bias)
        seen = x if keep is None else x * keep
        out.addmm_(torch.mm(seen, weights.a.t()), weights.b.t(), alpha=weights.scale)
        ctx.save_for_backward(x, keep)
        ctx.weights = weights
        return out

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        x, keep = ctx.saved_tensors
        weights: Weights = ctx.weights
        seen = x if keep is None else x * keep
        down = torch.mm(grad, weights.b)
        d_a = torch.mm(down.t(), seen).float().mul_(weights.scale)
        d_b = torch.mm(grad.t(), torch.mm(seen, weights.a.t())).float().mul_(weights.scale)
        d_x = None
        if ctx.needs_input_grad[0]:
            d_x = torch.mm(grad, weights.weight)
            if keep is None:
                d_x.addmm_(down, weights.a, alpha=weights.scale)
            else:
                d_x.addcmul_(torch.mm(down, weights.a), keep, value=weights.scale)
        return d_x, d_a, d_b, None, None
