"""Which examples are held out when nobody says: whole groups of nearly equal questions, decided by their content."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from luthier.data.derive.pick import Nearness, question_groups
from luthier.data.derive.split import sides_of
from luthier.data.quality import near_duplicate_groups
from luthier.data.splits import Split
from luthier.domain.datasets import Example
from luthier.domain.findings import Finding, Level

HELD_OUT_SHARE = 0.1
MOST_HELD_OUT = 200  # more would cost minutes of measuring on a laptop and sharpen the interval little
FEWEST_TO_SPLIT = 20  # below it every example is worth more in training than as a measure
MOST_COMPARED = 500_000  # beyond it finding nearly equal questions would take longer than ten seconds
_SEED = 0  # fixed, so that every plan of a dataset holds out the same examples


@dataclass(frozen=True, slots=True)
class Sides:
    split: Split
    findings: tuple[Finding, ...] = ()  # what a person should know of how they were parted


def automatic_sides(examples: Sequence[Example], share: float | None = None) -> Sides:
    """About `share` of the examples held out (default: a tenth, none of a few), the same ones whatever their order.

    Nearly equal questions stay on one side. Only equal ones do, and a finding says so, where there are more examples
    than can be compared, or where all of them are nearly equal and nothing could be held out.
    """
    if share is None:
        share = HELD_OUT_SHARE if len(examples) >= FEWEST_TO_SPLIT else 0.0
    wanted = min(round(share * len(examples)), MOST_HELD_OUT)
    if not wanted:
        return Sides(Split(train=list(examples), held_out=[]))
    if len(examples) > MOST_COMPARED:
        return Sides(_split(examples, wanted, None), (_not_compared(len(examples)),))
    split = _split(examples, wanted, near_duplicate_groups)
    if split.held_out:
        return Sides(split)
    equal_only = _split(examples, wanted, None)
    return Sides(equal_only, (_all_alike(),) if equal_only.held_out else ())


def _split(examples: Sequence[Example], wanted: int, near: Nearness | None) -> Split:
    keys, groups = question_groups(lambda: iter(examples), near)
    is_held_out = np.asarray(sides_of(keys, groups, [wanted / len(examples)], _SEED) == 0)
    return Split(
        train=[example for example, held_out in zip(examples, is_held_out, strict=True) if not held_out],
        held_out=[example for example, held_out in zip(examples, is_held_out, strict=True) if held_out],
    )


def _not_compared(count: int) -> Finding:
    return Finding(
        code="plan.split_by_equality",
        level=Level.NOTE,
        sentence=f"Of {count} examples only those with equal questions were kept on one side; more than "
        f"{MOST_COMPARED} are not searched for nearly equal ones.",
        suggestion="Split the dataset once with luthier datasets split, and name the part to hold out.",
    )


def _all_alike() -> Finding:
    return Finding(
        code="plan.split_of_alike",
        level=Level.WARNING,
        sentence="The questions are so much alike that keeping nearly equal ones together would leave nothing to hold "
        "out; only equal ones were kept on one side.",
        suggestion="The proof may look better than the model is. Hold out questions of another kind, if there are any.",
    )
