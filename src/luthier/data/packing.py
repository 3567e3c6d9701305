"""How examples share a forward pass: which go together, and one packed row that keeps them apart."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class PackedRow:
    """Examples laid end to end, without padding. Positions start at 0 in each; `boundaries` tells them apart."""

    ids: NDArray[np.int64]  # [tokens]
    position_ids: NDArray[np.int64]  # [tokens]
    boundaries: NDArray[np.int64]  # [examples + 1], cumulative lengths beginning with 0
    supervised: NDArray[np.bool_]  # [tokens]; True where the token itself is to be predicted


def micro_batches(lengths: Sequence[int], budget: int) -> list[list[int]]:
    """Groups whose lengths sum to at most `budget`, by first fit of the longest first (Johnson 1973).

    A function of its arguments alone. An example longer than the budget makes a group of its own. Within a group
    the examples keep their given order.
    """
    groups: list[list[int]] = []
    room: list[int] = []
    for index in sorted(range(len(lengths)), key=lambda each: (-lengths[each], each)):
        length = lengths[index]
        place = next((group for group, free in enumerate(room) if free >= length), None)
        if place is None:
            groups.append([index])
            room.append(budget - length)
        else:
            groups[place].append(index)
            room[place] -= length
    return [sorted(group) for group in groups]


def pack(sequences: Sequence[NDArray[np.uint32]], supervised: Sequence[NDArray[np.bool_]]) -> PackedRow:
    lengths = [len(sequence) for sequence in sequences]
    boundaries = np.zeros(len(lengths) + 1, dtype=np.int64)
    np.cumsum(lengths, out=boundaries[1:])
    return PackedRow(
        ids=np.concatenate(sequences).astype(np.int64),
        position_ids=np.concatenate([np.arange(length, dtype=np.int64) for length in lengths]),
        boundaries=boundaries,
        supervised=np.concatenate(supervised),
    )
