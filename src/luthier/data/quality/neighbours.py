"""Which texts are nearly equal: candidates by bands of their sketches, confirmed by the sketches' likeness.

The result depends on what the texts are, never on their order. Memory is bounded by a sketch and a few numbers for
each text; no pair is kept.
"""

from collections.abc import Callable, Iterable, Iterator
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from luthier.data.quality.hashing import text_id
from luthier.data.quality.sketches import (
    BINS,
    WIDTH,
    Sketches,
    band_keys,
    likeness,
    rows_per_band,
    sketches_of,
    templates_in,
    without_templates,
)

THRESHOLD = 0.8
_BATCH = 512
_CHUNK = 1 << 18  # pairs that are confirmed at once
_LOOKED_AT = 4  # candidates of another set, for each text and band

Positions = NDArray[np.int64]


def near_duplicate_groups(texts: Iterable[str], threshold: float = THRESHOLD) -> Positions:
    """A group id for each text; those of one group are nearly equal, directly or through others between them.

    `threshold` is the least share of common six-byte windows, without what a tenth of all texts (and at least twenty)
    have in common. The id is the position of the group's first text.
    """
    sketches, ids = [np.zeros((0, WIDTH), np.uint8)], [np.zeros(0, np.uint64)]
    iterator = iter(texts)
    while batch := list(islice(iterator, _BATCH)):
        sketches.append(sketches_of(batch))
        ids.append(np.array([text_id(text) for text in batch], dtype=np.uint64))
    return groups_of(np.concatenate(sketches), np.concatenate(ids), threshold)


def groups_of(
    sketches: Sketches,
    ids: NDArray[np.uint64],
    threshold: float = THRESHOLD,
    on_band: Callable[[int, int], None] | None = None,
) -> Positions:
    """As `near_duplicate_groups`; `ids` are of the texts' contents and decide what order would decide otherwise.

    `on_band` gets how many of the comparisons are done, and of how many, and may raise to stop.
    """
    sketches = without_templates(sketches, templates_in(sketches))
    groups = np.arange(len(sketches), dtype=np.int64)
    rows = rows_per_band(threshold)
    bands = BINS // rows
    for band in range(bands):
        if on_band is not None:
            on_band(band, bands)
        keys = band_keys(sketches, band, rows)
        following = band_keys(sketches, (band + 1) % bands, rows)
        order = np.lexsort((ids, following, keys))
        for left, right in _pairs(keys[order]):
            _confirm(groups, sketches, order[left], order[right], threshold)
    return groups


def matches_of(
    own: Sketches, other: Sketches, other_ids: NDArray[np.uint64], threshold: float = THRESHOLD
) -> Positions:
    """For each of `own` the position of the most alike one of `other`, or -1 where none is nearly equal."""
    templates = templates_in(own, other)
    own, other = without_templates(own, templates), without_templates(other, templates)
    found = np.full(len(own), -1, dtype=np.int64)
    best = np.full(len(own), threshold)
    rows = rows_per_band(threshold)
    for band in range(BINS // rows if len(other) else 0):
        keys = band_keys(other, band, rows)
        order = np.lexsort((other_ids, keys))
        sorted_keys = keys[order]
        wanted = band_keys(own, band, rows)
        first = np.searchsorted(sorted_keys, wanted)
        for step in range(_LOOKED_AT):
            at = np.minimum(first + step, len(order) - 1)
            candidates = np.flatnonzero(sorted_keys[at] == wanted)
            for chunk in _chunks(candidates):
                partners = order[at[chunk]]
                alike = likeness(own[chunk], other[partners])
                better = (alike > best[chunk]) | ((alike == threshold) & (found[chunk] < 0))
                found[chunk[better]] = partners[better]
                best[chunk[better]] = alike[better]
    return found


def _pairs(keys: NDArray[np.uint64]) -> Iterator[tuple[Positions, Positions]]:
    """Places in the sorted keys that share a key: each with the one before it, and with the first of its run."""
    places = np.arange(len(keys), dtype=np.int64)
    again = np.concatenate(([False], keys[1:] == keys[:-1])) if len(keys) else np.zeros(0, np.bool_)
    yield places[again] - 1, places[again]
    first = np.maximum.accumulate(np.where(again, 0, places)) if len(keys) else places
    far = again & (first < places - 1)
    yield first[far], places[far]


def _confirm(groups: Positions, sketches: Sketches, left: Positions, right: Positions, threshold: float) -> None:
    apart = np.flatnonzero(groups[left] != groups[right])
    for chunk in _chunks(apart):
        alike = likeness(sketches[left[chunk]], sketches[right[chunk]]) >= threshold
        _join(groups, left[chunk[alike]], right[chunk[alike]])


def _join(groups: Positions, left: Positions, right: Positions) -> None:
    """Connected components by hooking and pointer jumping (Shiloach and Vishkin 1982), on whole arrays."""
    while True:
        one, two = groups[left], groups[right]
        least = np.minimum(one, two)
        if np.array_equal(one, two):
            return
        np.minimum.at(groups, one, least)
        np.minimum.at(groups, two, least)
        while not np.array_equal(higher := groups[groups], groups):
            groups[:] = higher


def _chunks(positions: Positions) -> Iterator[Positions]:
    for start in range(0, len(positions), _CHUNK):
        yield positions[start : start + _CHUNK]
