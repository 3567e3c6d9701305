"""How much memory this process uses, and has used at most: of the GPU that it computes on, else of the machine.

And how what is free is given back.
"""

import ctypes
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import psutil
import torch

_M_TOP_PAD, _M_MMAP_THRESHOLD = -2, -3  # malloc.h
_LARGE_BYTES = 1 << 20
_NEVER_BYTES = (1 << 31) - 1  # the most that mallopt takes
POOL_BYTES = 1_000_000_000  # by which the pool grows


def used_bytes() -> int:
    """On a GPU what tensors took at most: they come and go within a step, and what was freed is kept for the next."""
    if torch.cuda.is_initialized():
        return torch.cuda.max_memory_allocated()
    return int(psutil.Process().memory_info().rss)


def peak_bytes() -> int:
    """On a GPU with what the allocator holds beside the tensors."""
    if torch.cuda.is_initialized():
        return torch.cuda.max_memory_reserved()
    if sys.platform == "win32":
        return int(psutil.Process().memory_info().peak_wset)
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def limit_bytes(of_machine: int) -> int:
    """What it may fill; `of_machine` is what it may of the machine's memory, where 0 is not known."""
    return torch.cuda.mem_get_info()[1] if torch.cuda.is_initialized() else of_machine


@contextmanager
def freed_at_once() -> Iterator[None]:
    """Within, large blocks are asked of the system one by one, so that they go back to it whenever they are freed.

    Otherwise glibc keeps them, and what small blocks between them leave free no pass fits into: workers that trained on
    the same base in four bits took 0.87 to 1.14 GB, and 0.85 to 0.87 GB since. Where its pool has room left, glibc
    takes blocks of any size from it, so the pool is emptied first and does not grow in advance.
    """
    libc = ctypes.CDLL(None) if sys.platform == "linux" else None
    if libc is None or not hasattr(libc, "mallopt"):
        yield
        return
    libc.malloc_trim(0)
    libc.mallopt(_M_TOP_PAD, 0)
    libc.mallopt(_M_MMAP_THRESHOLD, _LARGE_BYTES)
    try:
        yield
    finally:  # as a worker is started; see planning/facts/environment.toml
        libc.mallopt(_M_MMAP_THRESHOLD, _NEVER_BYTES)
        libc.mallopt(_M_TOP_PAD, POOL_BYTES)
        libc.malloc_trim(0)
