"""Which rows belong together: equal by one measure or by another, and by any chain of the two."""

import numpy as np
from numpy.typing import NDArray

Ids = NDArray[np.int64]


def dense(keys: NDArray[np.uint64]) -> Ids:
    """Ids from 0 on, the same where the keys are."""
    return np.unique(keys, return_inverse=True)[1].astype(np.int64)


def joined(first: Ids, second: Ids) -> Ids:
    """The finest grouping in which rows that share a group of either one share a group."""
    label = np.arange(len(first), dtype=np.int64)
    sides = [np.unique(ids, return_inverse=True)[1] for ids in (first, second)]
    while True:
        before = label
        for ids in sides:
            lowest = np.full(len(label), len(label), np.int64)
            np.minimum.at(lowest, ids, label)
            label = lowest[ids]
        if np.array_equal(before, label):
            return np.unique(label, return_inverse=True)[1].astype(np.int64)


def first_of_each(ids: Ids) -> NDArray[np.bool_]:
    """True for the first row of every group."""
    mask = np.zeros(len(ids), np.bool_)
    mask[np.unique(ids, return_index=True)[1]] = True
    return mask
