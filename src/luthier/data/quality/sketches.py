"""Texts as sketches of 72 bytes, from which the share of common text of any two can be estimated.

One-permutation MinHash: the hashes of a text's windows fall into 64 bins, and of each bin the least one is kept, in
eight bits (P. Li, A. Owen, C.-H. Zhang, "One Permutation Hashing", 2012). Empty bins borrow from the next filled one so
that bands can be compared (A. Shrivastava, P. Li, "Densifying One Permutation Hashing", 2014); which bins borrowed is
kept in a bit each, and those do not count in the estimate.

What many texts have in common is a template, such as an instruction that stands before every question. It shows in the
sketches themselves, as a value that a bin has again and again, and is left out before texts are compared.

Own code, because libraries go text by text, and one pass of numpy over many texts is faster than their compiled loops
with a call for each text.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from luthier.data.quality.hashing import window_hashes

Sketches = NDArray[np.uint8]  # [texts, WIDTH]

BINS = 64
WIDTH = BINS + BINS // 8
_NONE = np.iinfo(np.uint32).max
_STRIDE = 37  # makes what is borrowed over different distances differ
_TEMPLATE_SHARE = 0.1  # of the texts; what fewer have in common makes them near duplicates
_TEMPLATE_TEXTS = 20
_CHUNK = 1 << 16


def sketches_of(texts: Sequence[str]) -> Sketches:
    hashes = window_hashes(texts)
    bins = hashes.owners * BINS + (hashes.values & np.uint64(BINS - 1)).astype(np.int64)
    flat = np.full(len(texts) * BINS, _NONE, dtype=np.uint32)
    np.minimum.at(flat, bins, (hashes.values >> np.uint64(32)).astype(np.uint32))
    least = flat.reshape(len(texts), BINS)
    values = np.where(least != _NONE, least % 255 + 1, 0).astype(np.uint8)
    return _packed(values)


def templates_in(*sets: Sketches) -> NDArray[np.bool_]:
    """For each bin and value whether so many of the texts have it that it must come from a template."""
    counts = np.zeros((BINS, 256), dtype=np.int64)
    for sketches in sets:
        for start in range(0, len(sketches), _CHUNK):
            values = _values(sketches[start : start + _CHUNK])
            for place in range(BINS):
                counts[place] += np.bincount(values[:, place], minlength=256)
    counts[:, 0] = 0
    common: NDArray[np.bool_] = counts >= max(_TEMPLATE_TEXTS, _TEMPLATE_SHARE * sum(len(each) for each in sets))
    return common


def without_templates(sketches: Sketches, templates: NDArray[np.bool_]) -> Sketches:
    """A text that is nothing but template stays as it is; so does the array where there is no template."""
    if not templates.any():
        return sketches
    left = sketches.copy()
    for start in range(0, len(sketches), _CHUNK):
        values = _values(sketches[start : start + _CHUNK])
        own = np.where(templates[np.arange(BINS), values], 0, values)
        filled = np.count_nonzero(own, axis=1)
        changed = np.flatnonzero((filled < np.count_nonzero(values, axis=1)) & (filled > 0))
        left[start + changed] = _packed(own[changed])
    return left


def likeness(left: Sketches, right: Sketches) -> NDArray[np.float64]:
    """Row by row: an estimate of the Jaccard similarity of the windows, with a standard error of at most 0.06."""
    own = np.unpackbits(left[:, BINS:], axis=1).astype(np.bool_)
    other = np.unpackbits(right[:, BINS:], axis=1).astype(np.bool_)
    same = (left[:, :BINS] == right[:, :BINS]) & own & other
    shares: NDArray[np.float64] = same.sum(axis=1) / (own | other).sum(axis=1)
    return shares


def band_keys(sketches: Sketches, band: int, rows: int) -> NDArray[np.uint64]:
    """One number for `rows` bins in a row; texts that share one are candidates. At most eight rows."""
    keys = np.zeros(len(sketches), dtype=np.uint64)
    for column in range(band * rows, (band + 1) * rows):
        keys = (keys << np.uint64(8)) | sketches[:, column]
    return keys


def rows_per_band(threshold: float) -> int:
    """As many as still find 19 of 20 pairs just as alike as the threshold; more rows spare false candidates."""
    for rows in (8, 6, 5, 4, 3, 2):
        if 1 - (1 - threshold**rows) ** (BINS // rows) >= 0.95:
            return rows
    return 1


def _packed(values: NDArray[np.uint8]) -> Sketches:
    return np.concatenate([_dense(values), np.packbits(values != 0, axis=1)], axis=1)


def _values(sketches: Sketches) -> NDArray[np.uint8]:
    """Of each bin, without what is borrowed: 0 where it is empty."""
    values: NDArray[np.uint8] = sketches[:, :BINS] * np.unpackbits(sketches[:, BINS:], axis=1)
    return values


def _dense(values: NDArray[np.uint8]) -> NDArray[np.uint8]:
    dense = values.copy()
    for distance in range(1, BINS):
        empty = dense == 0
        if not empty.any():
            break
        lent = np.roll(values, -distance, axis=1)
        moved = ((lent.astype(np.uint16) + _STRIDE * distance) % 255 + 1).astype(np.uint8)
        dense = np.where(empty & (lent != 0), moved, dense)
    return dense
