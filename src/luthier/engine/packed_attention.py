"""Causal attention over packed rows: every example attends to itself alone, and no padding is ever computed."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import FunctionCtx, once_differentiable
from transformers import AttentionInterface, PreTrainedModel

from luthier.domain.models import BaseUnsupported
from luthier.engine.devices import as_given
from luthier.engine.varlen_attention import attend_to_own, can_attend

NAME = "luthier_packed"
KEEP_PROBABILITIES_UP_TO = 512  # tokens of an example; longer ones are computed again, so memory stays linear


def packed_attention(model: PreTrainedModel) -> AbstractContextManager[None]:
    """Within, `model` expects one packed row and its `boundaries`; generation needs the model's own attention."""
    return _attention_of(model, NAME)


def written_out_attention(model: PreTrainedModel) -> AbstractContextManager[None]:
    """Within, attention is that of transformers, product by product: rounded as here, unlike a fused kernel's."""
    return _attention_of(model, "eager")


@contextmanager
def _attention_of(model: PreTrainedModel, name: str) -> Iterator[None]:
    before = model.config._attn_implementation
    model.set_attn_implementation(name)
    if model.config._attn_implementation != name:
        raise BaseUnsupported(what="its attention cannot be exchanged")
    try:
        yield
    finally:
        model.set_attn_implementation(before)


def attend(
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    *,
    scaling: float,
    boundaries: Sequence[int],
    **options: Any,
) -> tuple[Tensor, None]:
    """What transformers calls: query [1, heads, tokens, width], key and value [1, kv_heads, tokens, width].

    Returns [1, tokens, heads, width]. Raises BaseUnsupported for variants of attention that are not computed here.
    """
    for name in ("s_aux", "position_bias"):
        if options.get(name) is not None:
            raise BaseUnsupported(what=f"its attention uses {name}")
    if options.get("dropout"):
        raise BaseUnsupported(what="its attention uses dropout")
    window, softcap, rows = options.get("sliding_window"), options.get("softcap"), (query[0], key[0], value[0])
    if can_attend(query[0], softcap):
        return attend_to_own(*rows, tuple(boundaries), scaling, window).unsqueeze(0), None
    with as_given(query):
        return _PackedAttention.apply(*rows, tuple(boundaries), _Scores(scaling, window, softcap)), None


AttentionInterface.register(NAME, attend)


@dataclass(frozen=True)
class _Scores:
    """How products of queries and keys become scores."""

    scaling: float
    window: int | None  # tokens back that a token may look
    softcap: float | None  # c tanh(score / c), as in Gemma 2 (arXiv 2408.00118)


_Layout = tuple[tuple[int, ...], _Scores]  # boundaries, and how to score


class _PackedAttention(torch.autograd.Function):
    """softmax(Q Kᵀ s) V per example, in plain batched GEMMs: torch's own fused kernel is slower than these on a CPU.

    Query heads that share a key head are laid under one another, so keys are never repeated.
    """

    @staticmethod
    def forward(
        ctx: FunctionCtx,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        boundaries: tuple[int, ...],
        scores: _Scores,
    ) -> Tensor:
        heads, tokens, width = query.shape
        out = query.new_empty(tokens, heads, width)
        kept: list[Tensor] = []
        for start, end in pairwise(boundaries):
            part = _Part(query, key, start, end)
            probabilities = part.probabilities(scores)
            _write_heads(out[start:end], torch.bmm(probabilities, value[:, start:end]))
            if end - start <= KEEP_PROBABILITIES_UP_TO:
                kept.append(probabilities)
        ctx.save_for_backward(query, key, value, *kept)
        ctx.layout = (boundaries, scores)
        return out.unsqueeze(0)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        query, key, value, *saved = ctx.saved_tensors
        with as_given(grad):
            return *_gradients(query, key, value, iter(saved), ctx.layout, grad), None, None


def _gradients(
    query: Tensor, key: Tensor, value: Tensor, kept: Iterator[Tensor], layout: _Layout, grad: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Of the three, in the layout [tokens, heads, width] in memory: the projections below them want tokens first."""
    boundaries, scores = layout
    d_query, d_key, d_value = (_tokens_first_like(tensor) for tensor in (query, key, value))
    for start, end in pairwise(boundaries):
        part = _Part(query, key, start, end)
        short = end - start <= KEEP_PROBABILITIES_UP_TO
        probabilities = next(kept) if short else part.probabilities(scores)
        d_out = part.grouped(grad[0, start:end].transpose(0, 1))
        d_value[:, start:end] = torch.bmm(probabilities.transpose(1, 2), d_out)
        d_probabilities = torch.bmm(d_out, value[:, start:end].transpose(1, 2))
        d_scores = torch.ops.aten._softmax_backward_data(d_probabilities, probabilities, -1, probabilities.dtype)
        d_scores.mul_(part.slope(scores))
        _write_heads(d_query[:, start:end].transpose(0, 1), torch.bmm(d_scores, part.key))
        d_key[:, start:end] = torch.bmm(d_scores.transpose(1, 2), part.query)
    return d_query, d_key, d_value


class _Part:
    """One example's queries as [kv_heads, group * length, width] beside its keys [kv_heads, length, width]."""

    def __init__(self, query: Tensor, key: Tensor, start: int, end: int) -> None:
        self.key = key[:, start:end]
        self.query = self.grouped(query[:, start:end])

    def grouped(self, tensor: Tensor) -> Tensor:
        return tensor.reshape(self.key.shape[0], -1, self.key.shape[2])

    def slope(self, scores: _Scores) -> Tensor | float:
        """Of the scores over the products that they follow from."""
        if scores.softcap is None:
            return scores.scaling
        return (1 - self._capped(scores, scores.softcap).square()).mul_(scores.scaling)

    def _capped(self, scores: _Scores, softcap: float) -> Tensor:
        """tanh(score / c)."""
        return torch.bmm(self.query, self.key.transpose(1, 2)).mul_(scores.scaling / softcap).tanh_()

    def probabilities(self, scores: _Scores) -> Tensor:
        kv_heads, length, _ = self.key.shape
        group = self.query.shape[1] // length
        mask_of = _kept_mask if length <= KEEP_PROBABILITIES_UP_TO else _mask
        mask = mask_of(length, group, scores.window, self.query.dtype, self.query.device).expand(kv_heads, -1, -1)
        if scores.softcap is not None:
            return self._capped(scores, scores.softcap).mul_(scores.softcap).add_(mask).softmax(dim=-1)
        return torch.baddbmm(mask, self.query, self.key.transpose(1, 2), alpha=scores.scaling).softmax(dim=-1)


def _mask(length: int, group: int, window: int | None, dtype: torch.dtype, device: torch.device) -> Tensor:
    """[group * length, length]: 0 where a token may look, minus infinity where not."""
    hidden = torch.full((length, length), float("-inf"), dtype=dtype, device=device)
    mask = hidden.triu(1)
    if window is not None and window < length:
        mask += hidden.tril(-window)
    return mask.repeat(group, 1)


_kept_mask = lru_cache(maxsize=64)(_mask)  # every layer asks for the same few


def _write_heads(target: Tensor, grouped: Tensor) -> None:
    """target [length, heads, width] from [kv_heads, group * length, width]."""
    length, heads, width = target.shape
    target.copy_(grouped.view(heads, length, width).transpose(0, 1))


def _tokens_first_like(tensor: Tensor) -> Tensor:
    heads, tokens, width = tensor.shape
    return tensor.new_empty(tokens, heads, width).transpose(0, 1)
