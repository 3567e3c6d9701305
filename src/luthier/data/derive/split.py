"""Splits by whole groups of rows: disjoint, complete, and decided by what the rows ask, not by their order."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from luthier.data.derive.chance import shuffled_keys
from luthier.data.derive.groups import Ids

REST = -1


def sides_of(questions: NDArray[np.uint64], groups: Ids, shares: Sequence[float], seed: int) -> NDArray[np.int8]:
    """For each row the position of its side in `shares`, or REST.

    No side gets more than its share, whole groups only; something always stays in the rest.
    """
    sizes = np.bincount(groups)
    keys = np.full(len(sizes), np.iinfo(np.uint64).max, np.uint64)
    np.minimum.at(keys, groups, shuffled_keys(questions, seed))
    wanted = [round(share * len(groups)) for share in shares]
    left = len(groups)
    of_group = np.full(len(sizes), REST, np.int8)
    for group in np.argsort(keys, kind="stable"):
        size = int(sizes[group])
        side = next((side for side, room in enumerate(wanted) if size <= room), None)
        if side is not None and size < left:
            of_group[group] = side
            wanted[side] -= size
            left -= size
        elif not any(wanted):
            break
    return of_group[groups]
