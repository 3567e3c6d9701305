"""Pieces of work done by several threads, and handed on in their order."""

import os
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Done = TypeVar("Done")
_MOST = 4  # threads: what feeds them is one thread, and what they work on is in memory


def worthwhile_threads() -> int:
    """For work that leaves the interpreter alone: one for each core that this process may use, up to a few."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return min(cores or 1, _MOST)


def in_turn(pool: ThreadPoolExecutor, jobs: Iterator[Callable[[], Done]], most: int) -> Iterator[Done]:
    """In the order of the jobs; no more than `most` are begun before their turn, so that memory stays small."""
    waiting: deque[Future[Done]] = deque()
    for job in jobs:
        waiting.append(pool.submit(job))
        if len(waiting) >= most:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()
