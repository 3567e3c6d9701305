"""What can only be doubted by comparing examples: copies, contradictions, leakage, unusual lengths.

Of several copies one stays without doubt. Which one follows from the contents, so that scores do not depend on order.
"""

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from luthier.data.quality.columns import FLAG, Columns, Flags, code_numbers
from luthier.data.quality.neighbours import Positions, groups_of, matches_of

_FEWEST_FOR_OUTLIERS = 30
_FAR = 5.0  # robust standard deviations of the logarithm of the length


OnBand = Callable[[int, int], None]  # comparisons done, and of how many; may raise to stop


def compared(columns: Columns, against: Columns | None, on_band: OnBand | None = None) -> Iterator[Flags]:
    first, group = _first_of_its_kind(columns.facts["content"])
    yield _flags("duplicate.exact", np.flatnonzero(first[group] != np.arange(len(columns))), columns, first[group])
    yield _near_duplicates(columns, on_band)
    yield _contradictions(columns)
    yield _outliers(columns)
    if against is not None:
        yield from _leaks(columns, against)


def _near_duplicates(columns: Columns, on_band: OnBand | None) -> Flags:
    """Of each group the example with the least content id stays; a copy of it is an exact duplicate, and only that."""
    contents = columns.facts["content"]
    groups = groups_of(columns.sketches, contents, on_band=on_band)
    order = np.lexsort((contents, groups))
    head = np.concatenate(([True], groups[order][1:] != groups[order][:-1])) if len(order) else np.zeros(0, np.bool_)
    kept = np.zeros(len(columns), dtype=np.int64)
    kept[order] = order[np.maximum.accumulate(np.where(head, np.arange(len(order)), 0))] if len(order) else order
    return _flags("duplicate.near", np.flatnonzero(contents != contents[kept]), columns, kept)


def _contradictions(columns: Columns) -> Flags:
    """Every example whose question has several answers, each beside one that differs."""
    asked = np.flatnonzero(columns.facts["asked"])
    facts = columns.facts[asked]
    order = np.lexsort((facts["answer"], facts["question"]))
    questions, answers = facts["question"][order], facts["answer"][order]
    first, group = _first_of_its_kind(questions)
    last = len(questions) - 1 - _first_of_its_kind(questions[::-1])[0]
    differs = answers[first[group]] != answers[last[group]]
    other = np.where(answers == answers[first[group]], last[group], first[group])
    partners = np.zeros(len(columns), dtype=np.int64)
    partners[asked[order]] = asked[order[other]]
    return _flags("answer.contradicted", np.sort(asked[order[differs]]), columns, partners)


def _outliers(columns: Columns) -> Flags:
    lengths = np.log1p(columns.facts["characters"].astype(np.float64))
    nothing = np.zeros(0, FLAG)
    if len(lengths) < _FEWEST_FOR_OUTLIERS:
        return nothing
    middle = np.median(lengths)
    spread = np.median(np.abs(lengths - middle)) * 1.4826  # of a normal distribution: its standard deviation
    if not spread:
        return nothing
    return _flags("length.outlier", np.flatnonzero(lengths > middle + _FAR * spread), columns, None)


def _leaks(columns: Columns, against: Columns) -> Iterator[Flags]:
    own, other = columns.facts["question"], against.facts["question"]
    order = np.argsort(other, kind="stable")
    at = np.minimum(np.searchsorted(other[order], own), max(0, len(other) - 1))
    same = other[order[at]] == own if len(other) else np.zeros(len(own), np.bool_)
    partners = order[at] if len(other) else at
    yield _flags("leak.exact", np.flatnonzero(same), columns, partners, against)
    near = matches_of(columns.questions, against.questions, other)
    yield _flags("leak.near", np.flatnonzero((near >= 0) & ~same), columns, near, against)


def _flags(
    code: str, positions: Positions, columns: Columns, partners: Positions | None, other: Columns | None = None
) -> Flags:
    """`partners[position]` is what an example was compared with, in `other` or in the same columns."""
    flags = np.zeros(len(positions), FLAG)
    flags["position"] = positions
    flags["code"] = code_numbers()[code]
    if partners is not None and len(positions):
        flags["row"] = (other or columns).facts["row"][partners[positions]]
    return flags


def _first_of_its_kind(values: NDArray[np.uint64]) -> tuple[Positions, Positions]:
    """Where each distinct value stands first, and which of them each one is."""
    _, first, kind = np.unique(values, return_index=True, return_inverse=True)
    return first.astype(np.int64), kind.astype(np.int64).reshape(-1)
