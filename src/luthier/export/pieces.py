"""Tensors cut into pieces of whole rows."""

from collections.abc import Iterator, Sequence

import numpy as np

_PIECE = 1 << 19  # weights: small enough for a processor's cache, large enough to keep it busy


def pieces_of(shape: Sequence[int]) -> Iterator[slice]:
    height = max(1, _PIECE // int(np.prod(shape[1:], initial=1)))
    return (slice(begin, min(begin + height, shape[0])) for begin in range(0, shape[0], height))
