"""The order of the data: a pure function of (seed, epoch, position), the same on every machine and for ever."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray


def steps_per_epoch(count: int, batch_size: int) -> int:
    """The last batch of an epoch may be short; it is a step of its own."""
    return -(-count // batch_size)


def epoch_of_step(step: int, batch_size: int, count: int) -> int:
    """0-based epoch in which the 1-based `step` falls."""
    return (step - 1) // steps_per_epoch(count, batch_size)


def epochs_done(step: int, batch_size: int, count: int) -> float:
    """How often every example has been seen when the 1-based `step` is over, e.g. 1.5."""
    whole, into = divmod(step, steps_per_epoch(count, batch_size))
    return whole + min(into * batch_size, count) / count


def indices_of_step(step: int, batch_size: int, count: int, seed: int) -> list[int]:
    """The examples of the 1-based `step`. Within an epoch every example comes exactly once."""
    if step < 1 or count < 1 or batch_size < 1:
        raise ValueError(f"step {step}, batch size {batch_size} and count {count} must all be at least 1")
    epoch = epoch_of_step(step, batch_size, count)
    first = (step - 1 - epoch * steps_per_epoch(count, batch_size)) * batch_size
    order = order_of_epoch(epoch, count, seed)
    return [int(index) for index in order[first : first + batch_size]]


def indices_of_first_steps(steps: int, batch_size: int, count: int, seed: int) -> list[int]:
    """Every example that the first `steps` steps learn from, once, in ascending order."""
    if steps >= steps_per_epoch(count, batch_size):
        return list(range(count))
    return sorted(int(index) for index in order_of_epoch(0, count, seed)[: steps * batch_size])


@lru_cache(maxsize=4)
def order_of_epoch(epoch: int, count: int, seed: int) -> NDArray[np.int64]:
    """Position in the epoch -> example.

    Sorts by raw Philox output (Salmon et al. 2011, doi:10.1145/2063384.2063405) instead of asking numpy for a
    permutation: numpy may change its shuffle between versions, the raw stream is defined by the algorithm.
    """
    keys = np.random.Philox(key=np.array([seed, epoch], dtype=np.uint64)).random_raw(count)
    order = np.argsort(keys, kind="stable")
    order.setflags(write=False)
    return order
