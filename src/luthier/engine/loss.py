"""The loss: cross-entropy of the supervised tokens alone; logits exist a chunk at a time and never for other rows."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import FunctionCtx, once_differentiable

_CHUNK = 256  # rows of logits that exist at once: enough for full GEMM speed, 75 MB with a vocabulary of 49k


def summed_loss(hidden: Tensor, head: nn.Module, targets: Tensor) -> Tensor:
    """Sum over rows of -log p(target), in fp32, for hidden [rows, width] and targets [rows].

    `head` is frozen. Statistics are fp32 whatever the head's precision.
    """
    return _HeadLoss.apply(hidden, head.weight, getattr(head, "bias", None), targets)


class _HeadLoss(torch.autograd.Function):
    """The gradient is computed with the loss, while the logits are there; backward only scales it."""

    @staticmethod
    def forward(ctx: FunctionCtx, hidden: Tensor, weight: Tensor, bias: Tensor | None, targets: Tensor) -> Tensor:
        wanted = ctx.needs_input_grad[0]
        d_hidden = torch.empty_like(hidden) if wanted else None
        total = torch.zeros((), dtype=torch.float32)
        for start in range(0, hidden.shape[0], _CHUNK):
            rows = slice(start, start + _CHUNK)
            total += _chunk(hidden[rows], weight, bias, targets[rows], None if d_hidden is None else d_hidden[rows])
        if d_hidden is not None:
            ctx.save_for_backward(d_hidden)
        return total

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        (d_hidden,) = ctx.saved_tensors
        return d_hidden.float().mul_(grad).to(d_hidden.dtype), None, None, None


def _chunk(hidden: Tensor, weight: Tensor, bias: Tensor | None, targets: Tensor, d_hidden: Tensor | None) -> Tensor:
    logits = torch.nn.functional.linear(hidden, weight, bias)
    log_shares = torch.log_softmax(logits, dim=1, dtype=torch.float32)
    places = targets.unsqueeze(1)
    loss = -log_shares.gather(1, places).sum()
    if d_hidden is not None:
        difference = log_shares.exp_()
        difference.scatter_add_(1, places, difference.new_full(places.shape, -1.0))
        torch.mm(difference.to(weight.dtype), weight, out=d_hidden)
    return loss
