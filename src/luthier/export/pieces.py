"""Tensors cut into pieces of whole rows, and pieces worked on by several threads in their order."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

import numpy as np

Done = TypeVar("Done")
_PIECE = 1 << 19  # weights: small enough for a processor's cache, large enough to keep it busy


def pieces_of(shape: Sequence[int]) -> Iterator[slice]:
    height = max(1, _PIECE // int(np.prod(shape[1:], initial=1)))
    return (slice(begin, min(begin + height, shape[0])) for begin in range(0, shape[0], height))


def in_turn(pool: ThreadPoolExecutor, jobs: Iterator[Callable[[], Done]], most: int) -> Iterator[Done]:
    """In the order of the jobs; no more than `most` are begun before their turn, so that memory stays small."""
    waiting: deque[Future[Done]] = deque()
    for job in jobs:
        waiting.append(pool.submit(job))
        if len(waiting) >= most:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()
