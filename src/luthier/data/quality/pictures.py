"""Numbers to draw: histograms with edges that people can read."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from luthier.domain.quality import Histogram, Part

_SCORE_EDGES = tuple(tenth / 10 for tenth in range(11))
_FEWEST_BINS = 4
_MOST_PARTS = 20


def score_histogram(scores: NDArray[np.float32]) -> Histogram:
    # A score of 0.7 in 32 bits lies a little below or above; tenths of what was rounded fall where people expect them.
    bins = np.minimum(np.floor(np.round(scores.astype(np.float64), 6) * 10), 9).astype(np.int64)
    return Histogram(edges=_SCORE_EDGES, counts=tuple(np.bincount(bins, minlength=10).tolist()))


def length_histogram(lengths: NDArray[np.integer]) -> Histogram:
    """Edges double, so that short and long examples can be seen in one picture."""
    longest = int(lengths.max()) if len(lengths) else 0
    shortest = int(lengths.min()) if len(lengths) else 0
    first = 1 << max(4, shortest.bit_length() - 1)
    edges = [0 if shortest < first else first, first] if shortest < first else [first]
    while edges[-1] <= longest or len(edges) <= _FEWEST_BINS:
        edges.append(edges[-1] * 2)
    counts, _ = np.histogram(lengths, bins=edges)
    return Histogram(edges=tuple(float(edge) for edge in edges), counts=tuple(counts.tolist()))


def parts_by_count(counts: Mapping[str, int]) -> tuple[Part, ...]:
    """The most frequent first; what goes beyond twenty is put together."""
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    parts = [Part(name=name, count=count) for name, count in ordered[:_MOST_PARTS]]
    if rest := sum(count for _, count in ordered[_MOST_PARTS:]):
        parts.append(Part(name="others", count=rest))
    return tuple(parts)


def parts_in_order(counts: Mapping[int, int], last: int) -> tuple[Part, ...]:
    """By number, what is `last` or more put together."""
    together = {number: count for number, count in sorted(counts.items()) if number < last}
    parts = [Part(name=str(number), count=count) for number, count in together.items()]
    if rest := sum(count for number, count in counts.items() if number >= last):
        parts.append(Part(name=f"{last} or more", count=rest))
    return tuple(parts)
