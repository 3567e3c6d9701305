"""Whether the answers are a few short labels, and how evenly those are spread."""

import math
from collections import Counter
from collections.abc import Sequence

from luthier.domain.quality import LabelBalance, Part

_LONGEST = 40  # characters of a label
_MOST = 1000  # distinct labels; with more of them it is no set of classes
_LEAST_SHARE = 0.95  # of the examples
_LEAST_REPEATS = 3  # examples per label, on average
_SHOWN = 50


class Labels:
    """Counts answers as they come. Gives up, whatever their order, when too many are distinct."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._examples = 0
        self._short = 0
        self._too_many = False

    def add(self, answers: Sequence[str]) -> None:
        self._examples += 1
        if self._too_many or len(answers) != 1 or not 0 < len(label := answers[0].strip()) <= _LONGEST:
            return
        self._short += 1
        self._counts[label] += 1
        if len(self._counts) > _MOST:
            self._too_many = True
            self._counts.clear()

    def balance(self) -> LabelBalance | None:
        """None where the answers are no labels."""
        distinct = len(self._counts)
        few = not self._too_many and distinct * _LEAST_REPEATS <= self._short
        if not distinct or not few or self._short < _LEAST_SHARE * self._examples:
            return None
        frequent = sorted(self._counts.items(), key=lambda item: (-item[1], item[0]))
        return LabelBalance(
            labels=tuple(Part(name=label, count=count) for label, count in frequent[:_SHOWN]),
            distinct=distinct,
            evenness=_evenness([count for _, count in frequent]),
        )


def _evenness(counts: Sequence[int]) -> float:
    if len(counts) < 2:
        return 0.0
    total = sum(counts)
    entropy = -sum(count / total * math.log(count / total) for count in counts)
    return entropy / math.log(len(counts))
