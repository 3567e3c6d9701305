"""Mixes datasets by weight: how many rows each gives, and in which order they come."""

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from luthier.data.order import order_of_epoch


def largest_size(counts: Sequence[int], weights: Sequence[float]) -> int:
    """The most examples that a mix can have without taking any row twice."""
    total = sum(Fraction(weight) for weight in weights)
    size = min(int(count * total / Fraction(weight)) for count, weight in zip(counts, weights, strict=True))
    while size and any(quota > count for quota, count in zip(quotas(weights, size), counts, strict=True)):
        size -= 1  # rounding gave a dataset one row more than it has
    return size


def quotas(weights: Sequence[float], size: int) -> list[int]:
    """Rows per dataset, by largest remainders: they add up to `size`, none is off by a whole row."""
    total = sum(Fraction(weight) for weight in weights)
    exact = [size * Fraction(weight) / total for weight in weights]
    rows = [int(share) for share in exact]
    by_remainder = sorted(range(len(rows)), key=lambda at: (rows[at] - exact[at], at))
    for at in by_remainder[: size - sum(rows)]:
        rows[at] += 1
    return rows


def interleaved(rows: Sequence[int]) -> NDArray[np.int64]:
    """The dataset of each place of the mix. Wherever it is cut, each dataset has had about its share."""
    whose = np.concatenate([np.full(count, at, np.int64) for at, count in enumerate(rows)])
    moments = np.concatenate([(np.arange(count) + 0.5) / max(count, 1) for count in rows])
    return whose[np.argsort(moments, kind="stable")]


def drawn(count: int, rows: int, seed: int, dataset: int) -> NDArray[np.int64]:
    """`rows` positions of a dataset of `count`, shuffled; a row comes again only after all others have come."""
    passes = -(-rows // count) if count else 0
    orders = [order_of_epoch(each, count, seed + dataset) for each in range(passes)]
    return np.concatenate(orders)[:rows] if orders else np.zeros(0, np.int64)
