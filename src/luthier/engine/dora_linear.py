"""A DoRA linear (Liu et al. 2024, arXiv 2402.09353) as one autograd function, without ever building W + s B A.

With V = W + s B A, n the norms of V's rows (taken as constant in backward, section 4.3) and m their learnt lengths,
c = m / n and Z = X Vᵀ: Y = c Z. Given G = dY and D = c G: dX = D V, dA = s (D B)ᵀ X, dB = s Dᵀ (X Aᵀ) and
dm = Σ (G Z) / n over the rows of X. The norms come from the products alone:
n² = |W|² + 2 s (W Aᵀ)·B + s² (B A Aᵀ)·B, row by row. With dropout the adapter and c - 1 see the thinned X, as in PEFT.
"""

from dataclasses import dataclass
from typing import Any

import torch
from peft.tuners.lora import Linear as PeftLinear
from torch import Tensor
from torch.autograd.function import FunctionCtx, once_differentiable

from luthier.engine.lora_linear import FusedLora, Weights


class FusedDora(FusedLora):
    """Stands in for the `forward` of one PEFT linear with DoRA. Everything else of that module stays PEFT's."""

    def __init__(self, layer: PeftLinear, weights: Weights, dropout: float) -> None:
        super().__init__(layer, weights, dropout)
        self._squares = torch.linalg.vector_norm(weights.weight, dim=1, dtype=torch.float32).square()
        self._lengths = layer.lora_magnitude_vector["default"].weight

    def _product(self, rows: Tensor, keep: Tensor | None) -> Tensor:
        norms = norms_of(self._weights, self._a, self._b, self._squares)
        steady = _Steady(self._weights, norms, keep)
        out: Tensor = _DoraLinear.apply(rows, self._a, self._b, self._lengths, steady)
        return out


@torch.no_grad()
def norms_of(weights: Weights, a: Tensor, b: Tensor, squares: Tensor) -> Tensor:
    """Of the rows of W + s B A: fp32, [out]. `a` and `b` are the adapter in fp32, `squares` is |W|² of each row."""
    crossed = (torch.mm(weights.weight, weights.a.t()).float() * b).sum(1)
    own = (torch.mm(b, torch.mm(a, a.t())) * b).sum(1)
    return (squares + 2 * weights.scale * crossed + weights.scale**2 * own).clamp_min_(0).sqrt_()


@dataclass(frozen=True, eq=False)
class _Steady:
    """What gets no gradient: the weights, the norms, and the dropout of the input, 0 or 1 / (1 - p), [rows, in]."""

    weights: Weights
    norms: Tensor
    keep: Tensor | None


class _DoraLinear(torch.autograd.Function):
    @staticmethod
    def forward(ctx: FunctionCtx, x: Tensor, a: Tensor, b: Tensor, lengths: Tensor, steady: _Steady) -> Tensor:
        weights, norms, keep = steady.weights, steady.norms, steady.keep
        seen = x if keep is None else x * keep
        z = torch.mm(seen, weights.weight.t())
        out = None if keep is None else torch.mm(x, weights.weight.t()).sub_(z)
        z.addmm_(torch.mm(seen, weights.a.t()), weights.b.t(), alpha=weights.scale)
        scaled = (z * (lengths / norms)).to(z.dtype)
        out = scaled if out is None else out.add_(scaled)
        ctx.save_for_backward(x, z, lengths, norms, keep)
        ctx.weights = weights
        return out if weights.bias is None else out.add_(weights.bias)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        x, z, lengths, norms, keep = ctx.saved_tensors
        weights: Weights = ctx.weights
        seen = x if keep is None else x * keep
        d_lengths = (grad * z).sum(0, dtype=torch.float32) / norms
        inner = (grad * (lengths / norms)).to(grad.dtype)
        down = torch.mm(inner, weights.b)
        d_a = torch.mm(down.t(), seen).float().mul_(weights.scale)
        d_b = torch.mm(inner.t(), torch.mm(seen, weights.a.t())).float().mul_(weights.scale)
        d_x = None
        if ctx.needs_input_grad[0]:
            if keep is None:
                d_x = torch.mm(inner, weights.weight).addmm_(down, weights.a, alpha=weights.scale)
            else:
                d_seen = torch.mm(inner - grad, weights.weight).addmm_(down, weights.a, alpha=weights.scale)
                d_x = torch.mm(grad, weights.weight).addcmul_(d_seen, keep)
        return d_x, d_a, d_b, d_lengths, None
