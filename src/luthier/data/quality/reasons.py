"""Reasons in words: for one example each with its place, for a dataset each with its count."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from luthier.data.quality.columns import Flags
from luthier.data.quality.detectors import flags_of
from luthier.data.quality.facts import ReasonFact, reason_facts
from luthier.data.quality.parts import Flag, parts_of
from luthier.domain.datasets import Example
from luthier.domain.quality import Reason, ReasonCount
from luthier.kit.units import show_count

_ROWS = 5


def reasons_of(example: Example, rows: Mapping[int, int]) -> tuple[Reason, ...]:
    """`rows`: the number of each code that was given to the example, and the row that it was compared with, or 0.

    Places and details are found again by looking at the example, so that they need not be kept.
    """
    parts = parts_of(example)
    seen = {flag.code: flag for flag in flags_of(parts)}
    characters = sum(len(said.text) for said in parts.texts)
    facts = list(reason_facts().values())
    return tuple(_reason(facts[number], seen.get(facts[number].code), row, characters) for number, row in rows.items())


def reason_counts(flags: Flags, rows: NDArray[np.int64]) -> tuple[ReasonCount, ...]:
    """`rows` of all examples."""
    counts = np.bincount(flags["code"], minlength=len(reason_facts()))
    found = [
        ReasonCount(
            code=fact.code,
            title=fact.title,
            weight=fact.weight,
            advice=fact.advice,
            examples=int(counts[number]),
            rows=tuple(rows[flags["position"][flags["code"] == number][:_ROWS]].tolist()),
        )
        for number, fact in enumerate(reason_facts().values())
        if counts[number]
    ]
    return tuple(sorted(found, key=lambda each: (-each.examples, each.code)))


def _reason(fact: ReasonFact, flag: Flag | None, row: int, characters: int) -> Reason:
    placed = flag is not None and flag.message > 0
    detail = flag.detail if flag else ""
    return Reason(
        code=fact.code,
        sentence=fact.sentence.format(detail=detail, row=show_count(row), characters=show_count(characters)),
        weight=fact.weight,
        advice=fact.advice,
        message=flag.message if flag and placed else None,
        character=flag.start + 1 if flag and placed else None,
        other_row=row or None,
    )
