"""Turns what is asked into the datasets that come out of it: for each a stream of examples, not yet read."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from luthier.data.derive.augment import WordGroups, augmented
from luthier.data.derive.balance import MOST_CATEGORIES, balanced, categories
from luthier.data.derive.clean import rewritten
from luthier.data.derive.facts import words_called
from luthier.data.derive.mix import drawn, interleaved, largest_size, quotas
from luthier.data.derive.pick import Nearness, question_groups, without_repeats
from luthier.data.derive.redact import Redaction
from luthier.data.derive.repair import repair_of
from luthier.data.derive.sources import Source
from luthier.data.derive.split import REST, sides_of
from luthier.data.quality import find_private, near_duplicate_groups
from luthier.domain.datasets import Example
from luthier.domain.derivations import (
    TRAIN,
    Augment,
    Balance,
    Dedupe,
    Mix,
    NoCategories,
    Redact,
    Repair,
    Split,
    SplitImpossible,
    TooManyCategories,
)

Passes = Callable[[Source, str], Iterator[Example]]  # a pass over a source, told to whoever watches

REPEATED = "repeated, left out"
LEFT_OUT = "left out"
TAKEN_AGAIN = "taken more than once"


@dataclass(frozen=True, slots=True)
class Part:
    """One dataset that comes out; `side` is added to its name."""

    examples: Iterator[Example]
    total: int  # 0 when it is not known before
    side: str = ""
    is_told: bool = False  # who watches hears of its rows already


def split_parts(source: Source, request: Split, passes: Passes) -> list[Part]:
    keys, groups = question_groups(lambda: passes(source, "comparing questions"), _nearness(request.near))
    shares = list(request.shares.values())
    sides = sides_of(keys, groups, shares, request.seed)
    parts = []
    for number, side in enumerate([TRAIN, *request.shares], REST):
        positions = np.flatnonzero(sides == number)
        if not len(positions):
            distinct = len(np.unique(groups))
            raise SplitImpossible(dataset=source.label, side=side, examples=len(source), groups=distinct)
        parts.append(Part(source.at(positions), len(positions), side))
    return parts


def mix_parts(sources: Sequence[Source], request: Mix) -> list[Part]:
    rows = rows_of_mix([len(source) for source in sources], request)
    return [Part(_mixed(sources, rows, request.seed), sum(rows))]


def rows_of_mix(counts: Sequence[int], request: Mix) -> list[int]:
    """How many each dataset gives, whether it has so many or not."""
    return quotas(request.weights, request.size or largest_size(counts, request.weights))


def dedupe_part(source: Source, request: Dedupe, passes: Passes, counts: Counter[str]) -> Part:
    near = _nearness(request.near)
    stays = without_repeats(lambda: passes(source, "comparing examples"), request.by, near)
    return kept_part(source, stays, counts, REPEATED)


def kept_part(source: Source, stays: NDArray[np.bool_], counts: Counter[str], why: str = LEFT_OUT) -> Part:
    positions = np.flatnonzero(stays)
    counts[why] += len(stays) - len(positions)
    return Part(source.at(positions), len(positions))


def repair_part(source: Source, request: Repair, counts: Counter[str]) -> Part:
    repair = repair_of(request.fixes)
    return Part(rewritten(iter(source), lambda example: repair, "repair", counts), len(source))


def redact_part(source: Source, request: Redact, counts: Counter[str]) -> Part:
    def redaction(example: Example) -> Redaction:
        return Redaction(example, find_private, request.kinds)

    return Part(rewritten(iter(source), redaction, "redact", counts), len(source))


def balance_part(source: Source, request: Balance, passes: Passes, counts: Counter[str]) -> Part:
    found = categories(passes(source, "counting categories"), request.by)
    if found is None:
        raise TooManyCategories(by=request.by, examples=len(source), dataset=source.label, limit=MOST_CATEGORIES)
    if request.by == "category" and found.names == [""]:
        raise NoCategories(dataset=source.label)
    positions = balanced(found.ids, request.to, request.seed)
    different = len(np.unique(positions))
    counts[LEFT_OUT] += len(source) - different
    counts[TAKEN_AGAIN] += len(positions) - different
    return Part(source.at(positions), len(positions))


def augment_part(source: Source, request: Augment, counts: Counter[str]) -> Part:
    words = WordGroups([*request.words, *(words_called(name) for name in request.lists)])
    examples = augmented(iter(source), words, request.templates, request.copies, request.seed, counts)
    return Part(examples, 0)


def _mixed(sources: Sequence[Source], rows: Sequence[int], seed: int) -> Iterator[Example]:
    streams = [
        source.at(drawn(len(source), count, seed, number))
        for number, (source, count) in enumerate(zip(sources, rows, strict=True))
    ]
    for whose in interleaved(rows):
        yield next(streams[whose])


def _nearness(near: float) -> Nearness | None:
    """None compares for equality alone."""
    return None if near == 1 else partial(near_duplicate_groups, threshold=near)
