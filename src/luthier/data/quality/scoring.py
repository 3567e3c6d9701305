"""From examples to scores: every doubt has a weight, and a score is the product of what the doubts leave.

    score = (1 - w1) * (1 - w2) * ...   over the distinct reasons of an example; 1 without any

so that a further reason never raises a score. Scores are a function of the set of examples: their order, the time and
the machine do not matter.
"""

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from luthier.data.quality.columns import BATCH, Columns, Flags, read_columns
from luthier.data.quality.comparisons import compared
from luthier.data.quality.facts import reason_facts
from luthier.data.quality.triggers import triggers
from luthier.domain.datasets import Example

Scores = NDArray[np.float32]


@dataclass(frozen=True)
class Scored:
    scores: Scores  # [examples]
    flags: Flags  # one for each example and code, in the order of the examples

    def positions_of(self, reason: str) -> NDArray[np.int64]:
        """Of a code, or of all codes of a family."""
        wanted = [number for number, code in enumerate(reason_facts()) if is_of(code, reason)]
        return np.unique(self.flags["position"][np.isin(self.flags["code"], wanted)])


@dataclass(frozen=True)
class Assessment:
    scored: Scored
    columns: Columns


def score_examples(
    examples: Callable[[], Iterable[Example]],
    against: Iterable[Example] | None = None,
    on_progress: Callable[[int], None] | None = None,
    on_comparing: Callable[[int, int], None] | None = None,
) -> Assessment:
    """`examples()` gives them anew each time, in the same order; they are read once or twice and never held.

    `on_progress` gets the number of examples read, those of `against` first, and may raise to stop. So does
    `on_comparing` of what comes after that, with how much there is of it.
    """
    other = read_columns(against, with_questions=True, on_progress=on_progress) if against is not None else None
    columns = read_columns(
        examples(), with_questions=other is not None, on_progress=on_progress, done=len(other) if other else 0
    )
    again = examples if on_comparing is None else partial(_told, examples, len(columns), on_comparing)
    found = [columns.flags, *compared(columns, other, on_comparing), triggers(columns, again)]
    flags = np.concatenate(found)
    flags = np.sort(flags, order=["position", "code"], kind="stable")
    return Assessment(Scored(scores_of(flags, len(columns)), flags), columns)


def _told(examples: Callable[[], Iterable[Example]], total: int, tell: Callable[[int, int], None]) -> Iterator[Example]:
    for done, example in enumerate(examples()):
        if done % BATCH == 0:
            tell(done, total)
        yield example


def scores_of(flags: Flags, examples: int) -> Scores:
    """`flags` are sorted, so that products are taken in one order and come out the same to the last bit."""
    left = np.array([1.0 - fact.weight for fact in reason_facts().values()])
    scores = np.ones(examples, dtype=np.float64)
    np.multiply.at(scores, flags["position"], left[flags["code"]])
    return scores.astype(np.float32)


def keep_positions(scored: Scored, min_score: float = 0.0, without: Collection[str] = ()) -> NDArray[np.bool_]:
    """True for each example whose score is at least `min_score` and that has none of the reasons or families."""
    kept = scored.scores >= np.float32(min_score)
    for reason in without:
        kept[scored.positions_of(reason)] = False
    return kept


def is_of(code: str, reason: str) -> bool:
    return code == reason or code.startswith(f"{reason}.")
