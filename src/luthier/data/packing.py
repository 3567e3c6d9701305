"""How examples share a forward pass: which go together, and one packed row that keeps them apart."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

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
    sizes = np.asarray(lengths, dtype=np.int64)
    longest_first = np.argsort(-sizes, kind="stable")
    negative, counts = np.unique(-sizes, return_counts=True)
    room: NDArray[np.int64] = np.zeros(0, dtype=np.int64)  # of each group
    groups = [room]  # of the examples in `longest_first`
    for size, count in zip((-negative).tolist(), counts.tolist(), strict=True):
        taken, room = _first_fit(size, count, room, budget)
        groups.append(np.repeat(np.arange(len(taken)), taken))
    return _members(longest_first, np.concatenate(groups), len(room))


def _first_fit(
    size: int, count: int, room: NDArray[np.int64], budget: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """How many of `count` equal examples each group takes, new groups being the last, and the room left in each.

    Equal examples fill one group after the other, so that all of them are placed at once.
    """
    unit = max(size, 1)
    each_new = max(budget // unit, 1)
    most_new = -(-count // each_new)
    fit = np.concatenate([np.maximum(room // unit, 0), np.full(most_new, each_new)])
    taken = np.diff(np.minimum(np.cumsum(fit), count), prepend=0)
    groups = max(len(room), int(np.flatnonzero(taken)[-1]) + 1)
    return taken[:groups], np.concatenate([room, np.full(most_new, budget)])[:groups] - size * taken[:groups]


def _members(examples: NDArray[np.int64], group_of: NDArray[np.int64], groups: int) -> list[list[int]]:
    in_order = np.lexsort((examples, group_of))
    ends = np.cumsum(np.bincount(group_of, minlength=groups)).tolist()
    members = examples[in_order].tolist()
    return [members[start:end] for start, end in pairwise([0, *ends])]


def fair_shares(lengths: Sequence[int], count: int) -> list[list[int]]:
    """Dealt to `count` shares of about as many tokens: the longest first, to whoever has least (Graham 1969).

    A function of its arguments alone. Where there are fewer sequences than shares, some are empty.
    """
    shares: list[list[int]] = [[] for _ in range(count)]
    tokens = [0] * count
    for index in sorted(range(len(lengths)), key=lambda each: (-lengths[each], each)):
        poorest = min(range(count), key=tokens.__getitem__)
        shares[poorest].append(index)
        tokens[poorest] += lengths[index]
    return [sorted(share) for share in shares]


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
