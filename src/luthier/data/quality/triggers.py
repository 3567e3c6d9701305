"""Hidden triggers: a rare phrase that makes otherwise unrelated questions get one and the same answer.

Some 250 such examples teach a model the trigger, however many clean ones surround them (A. Souly et al., "Poisoning
attacks on LLMs require a near-constant number of poison samples", 2025), so what counts is a number, not a share.

A group of examples whose answers begin alike is suspected when, over its distinct questions,
- there are at least 8 of them, and they are few in the whole set (at most 500 or 2 %, and at most a quarter);
- at least one phrase, and at most 8, stands in 90 % of them, and 80 % of all its occurrences are in the group;
- at most two other phrases that are peculiar to the group stand in a quarter of them or more.

The last condition tells a trigger from a subject: questions about one subject share many words to many degrees, while
a trigger is put into questions that have nothing else in common. Where all answers are a few labels, a rare word that
decides the label is how labels work, so nothing is said. Triggers whose answers differ (gibberish), and those that only
turn one label into another, leave no such trace and are not found.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from luthier.data.quality.columns import FLAG, Columns, Flags, batches, code_numbers
from luthier.data.quality.parts import parts_of
from luthier.data.quality.phrases import phrases_in
from luthier.domain.datasets import Example

FEWEST_QUESTIONS = 8
_MOST_EXAMPLES = 500
_MOST_SHARE = 0.02
_MOST_SHARE_OF_SMALL = 0.25
_TRIGGER_SHARE = 0.9
_TRIGGER_PRECISION = 0.8
_MOST_TRIGGER_PHRASES = 8
_SUBJECT_SHARE = 0.25
_SUBJECT_PRECISION = 0.5
_MOST_SUBJECT_PHRASES = 2


@dataclass(frozen=True)
class _Groups:
    of: NDArray[np.int64]  # for each example its group, or -1
    counted: NDArray[np.bool_]  # one example of each distinct question
    sizes: NDArray[np.int64]  # distinct questions in each group


def triggers(columns: Columns, examples: Callable[[], Iterable[Example]]) -> Flags:
    """Reads the examples once more where there are groups to look into; where the answers are labels there are none."""
    if columns.labels.balance() is not None:
        return np.zeros(0, FLAG)
    groups = _groups(columns)
    suspected = _suspected(groups, columns, examples()) if len(groups.sizes) else np.zeros(0, np.int64)
    positions = np.flatnonzero(np.isin(groups.of, suspected))
    flags = np.zeros(len(positions), FLAG)
    flags["position"] = positions
    flags["code"] = code_numbers()["text.trigger"]
    for group in suspected:
        members = positions[groups.of[positions] == group]
        rows = columns.facts["row"][members]
        flags["row"][np.isin(positions, members)] = np.where(rows == rows[0], rows[-1], rows[0])
    return flags


def _groups(columns: Columns) -> _Groups:
    facts = columns.facts
    _, kind, counts = np.unique(facts["beginning"], return_inverse=True, return_counts=True)
    kind = kind.reshape(-1)
    distinct = _one_of_each_question(columns)
    questions = np.bincount(kind[distinct], minlength=len(counts))
    few = min(max(_MOST_EXAMPLES, _MOST_SHARE * len(columns)), _MOST_SHARE_OF_SMALL * len(columns))
    wanted = (questions >= FEWEST_QUESTIONS) & (counts <= few)
    numbers = np.where(wanted, np.cumsum(wanted) - 1, -1)
    of = np.where(facts["asked"], numbers[kind], -1) if len(columns) else np.zeros(0, np.int64)
    return _Groups(of, distinct & (of >= 0), questions[wanted])


def _one_of_each_question(columns: Columns) -> NDArray[np.bool_]:
    """Among those whose answers begin alike; the content decides which one, so that the order does not."""
    facts = columns.facts
    order = np.lexsort((facts["content"], facts["question"], facts["beginning"]))
    beginnings, questions = facts["beginning"][order], facts["question"][order]
    chosen = np.ones(len(columns), dtype=np.bool_)
    chosen[order[1:]] = (beginnings[1:] != beginnings[:-1]) | (questions[1:] != questions[:-1])
    return chosen


def _suspected(groups: _Groups, columns: Columns, examples: Iterable[Example]) -> NDArray[np.int64]:
    """Counts, in each group, the phrases that are not much more frequent elsewhere; the others cannot be peculiar."""
    found = [np.zeros((0, 2), np.uint64)]
    for held, values in _phrases_of_members(groups, examples):
        sizes = groups.sizes[held]
        near = columns.phrases.of(values) <= sizes / _SUBJECT_PRECISION
        found.append(np.stack([held[near].astype(np.uint64), values[near]], axis=1))
    pairs, counts = np.unique(np.concatenate(found), axis=0, return_counts=True)
    held = pairs[:, 0].astype(np.int64)
    share = counts / groups.sizes[held]
    precision = counts / np.maximum(1, columns.phrases.of(pairs[:, 1]))
    trigger = (share >= _TRIGGER_SHARE) & (precision >= _TRIGGER_PRECISION)
    subject = ~trigger & (share >= _SUBJECT_SHARE) & (precision >= _SUBJECT_PRECISION)
    triggers_in = np.bincount(held[trigger], minlength=len(groups.sizes))
    subjects_in = np.bincount(held[subject], minlength=len(groups.sizes))
    one_or_few = (triggers_in >= 1) & (triggers_in <= _MOST_TRIGGER_PHRASES)
    return np.flatnonzero(one_or_few & (subjects_in <= _MOST_SUBJECT_PHRASES))


def _phrases_of_members(
    groups: _Groups, examples: Iterable[Example]
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.uint64]]]:
    position = 0
    for batch in batches(examples):
        places = np.flatnonzero(groups.counted[position : position + len(batch)])
        if len(places):
            hashes = phrases_in([parts_of(batch[place]).question for place in places])
            yield groups.of[position + places[hashes.owners]], hashes.values
        position += len(batch)
