"""Attention over packed rows on a GPU by torch's flash kernel for rows of many lengths, where that can compute them.

FlashAttention-2 (Dao 2023, arXiv 2307.08691). It never holds a score, so memory stays linear, and asked for
deterministic algorithms its backward adds up in a fixed order.
"""

import inspect
from functools import lru_cache
from itertools import pairwise

import torch
from torch import Tensor

try:
    from torch.nn.attention.varlen import varlen_attn
except ImportError:  # torch before 2.10
    varlen_attn = None

_NARROW = (torch.bfloat16, torch.float16)
_WIDEST_HEAD, _HEAD_GRAIN = 256, 8
_CAPABILITY = (8, 0)  # Ampere


def can_attend(query: Tensor, softcap: float | None) -> bool:
    """Of query [heads, tokens, width]. What it cannot compute is computed product by product."""
    width = query.shape[-1]
    fits = query.dtype in _NARROW and width <= _WIDEST_HEAD and width % _HEAD_GRAIN == 0
    return fits and softcap is None and query.is_cuda and _has_kernel(query.device)


def attend_to_own(
    query: Tensor, key: Tensor, value: Tensor, boundaries: tuple[int, ...], scaling: float, window: int | None
) -> Tensor:
    """Query [heads, tokens, width], key and value [kv_heads, tokens, width] -> [tokens, heads, width]."""
    starts, longest = _starts(boundaries, query.device), max(end - start for start, end in pairwise(boundaries))
    back = -1 if window is None else window - 1  # tokens before its own that a token may look at
    out: Tensor = varlen_attn(
        *(each.transpose(0, 1) for each in (query, key, value)),
        starts,
        starts,
        longest,
        longest,
        scale=scaling,
        window_size=(back, 0),
        enable_gqa=query.shape[0] != key.shape[0],
    )
    return out


@lru_cache(maxsize=8)
def _has_kernel(device: torch.device) -> bool:
    """Grouped keys and windows came to torch after the function itself."""
    known = set() if varlen_attn is None else set(inspect.signature(varlen_attn).parameters)
    built = torch.backends.cuda.is_flash_attention_available()
    return {"window_size", "enable_gqa", "scale"} <= known and built and _is_new_enough(device)


def _is_new_enough(device: torch.device) -> bool:
    return torch.version.hip is None and torch.cuda.get_device_capability(device) >= _CAPABILITY


@lru_cache(maxsize=8)
def _starts(boundaries: tuple[int, ...], device: torch.device) -> Tensor:
    """Every layer asks for the same."""
    return torch.tensor(boundaries, dtype=torch.int32, device=device)
