"""The loss: cross-entropy of the supervised tokens alone; logits exist a chunk at a time and never for other rows."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import FunctionCtx, once_differentiable

from luthier.engine.devices import as_given

_CHUNK = 256  # rows of logits that exist at once: enough for full GEMM speed, 75 MB with a vocabulary of 49k


def summed_loss(hidden: Tensor, head: nn.Module, targets: Tensor, softcap: float | None = None) -> Tensor:
    """Sum over rows of -log p(target), in fp32, for hidden [rows, width] and targets [rows].

    Statistics are fp32 whatever the head's precision. The head gets a gradient when it is trained. With a `softcap`
    c logits are c tanh(logit / c), as in Gemma 2 (arXiv 2408.00118).
    """
    with as_given(hidden):
        return _HeadLoss.apply(hidden, head.weight, getattr(head, "bias", None), targets, softcap)


@dataclass(frozen=True, eq=False)
class _Inputs:
    """What the logits were computed from."""

    hidden: Tensor
    weight: Tensor


@dataclass(frozen=True, eq=False)
class _Gradients:
    """Of the head's input, weight and bias; None where nobody wants it."""

    hidden: Tensor | None
    weight: Tensor | None
    bias: Tensor | None

    def of_rows(self, rows: slice) -> "_Gradients":
        return _Gradients(None if self.hidden is None else self.hidden[rows], self.weight, self.bias)

    @property
    def wanted(self) -> bool:
        return any(part is not None for part in (self.hidden, self.weight, self.bias))


class _HeadLoss(torch.autograd.Function):
    """The gradients are computed with the loss, while the logits are there; backward only scales them."""

    @staticmethod
    def forward(
        ctx: FunctionCtx,
        hidden: Tensor,
        weight: Tensor,
        bias: Tensor | None,
        targets: Tensor,
        softcap: float | None,
    ) -> Tensor:
        needs = ctx.needs_input_grad
        gradients = _Gradients(
            hidden=torch.empty_like(hidden) if needs[0] else None,
            weight=torch.zeros_like(weight, dtype=torch.float32) if needs[1] else None,
            bias=torch.zeros_like(bias, dtype=torch.float32) if bias is not None and needs[2] else None,
        )
        total = torch.zeros((), dtype=torch.float32, device=hidden.device)
        for start in range(0, hidden.shape[0], _CHUNK):
            rows = slice(start, start + _CHUNK)
            logits = torch.nn.functional.linear(hidden[rows], weight, bias)
            total += _chunk(logits, targets[rows], softcap, _Inputs(hidden[rows], weight), gradients.of_rows(rows))
        ctx.save_for_backward(gradients.hidden, gradients.weight, gradients.bias)
        ctx.precision = weight.dtype
        return total

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        hidden, weight, bias = (
            None if part is None else part.float().mul_(grad).to(ctx.precision) for part in ctx.saved_tensors
        )
        return hidden, weight, bias, None, None


def _chunk(logits: Tensor, targets: Tensor, softcap: float | None, inputs: _Inputs, gradients: _Gradients) -> Tensor:
    bent = None if softcap is None else logits.div_(softcap).tanh_().clone()
    if softcap is not None:
        logits.mul_(softcap)
    log_shares = torch.log_softmax(logits, dim=1, dtype=torch.float32)
    places = targets.unsqueeze(1)
    loss = -log_shares.gather(1, places).sum()
    if not gradients.wanted:
        return loss
    difference = log_shares.exp_()
    difference.scatter_add_(1, places, difference.new_full(places.shape, -1.0))
    if bent is not None:
        difference.mul_(1 - bent.float().square())
    narrow = difference.to(inputs.weight.dtype)
    if gradients.hidden is not None:
        torch.mm(narrow, inputs.weight, out=gradients.hidden)
    if gradients.weight is not None:
        gradients.weight.add_(torch.mm(narrow.t(), inputs.hidden))
    if gradients.bias is not None:
        gradients.bias.add_(difference.sum(0))
    return loss
