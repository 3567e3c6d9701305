"""Copies of examples with other words in them, or another way to ask: decided by a seed, the same words throughout."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

from luthier.data.derive.chance import pick
from luthier.data.derive.sources import changed
from luthier.data.derive.texts import content_key, with_texts
from luthier.domain.datasets import Example, Role

ADDED = "added as copies"
NOTHING_TO_CHANGE = "copies not added, because nothing could be changed"


class WordGroups:
    """Groups of words, any of which may stand for any other of its group. Whole words, in the case they have."""

    def __init__(self, groups: Sequence[Sequence[str]]) -> None:
        self._groups = [tuple(dict.fromkeys(group)) for group in groups]
        self._group_of = {word: at for at, group in reversed(list(enumerate(self._groups))) for word in group}
        words = sorted(self._group_of, key=len, reverse=True)  # "New York" before "New"
        self._pattern = re.compile(r"(?<!\w)(?:" + "|".join(map(re.escape, words)) + r")(?!\w)") if words else None

    def exchanged(self, example: Example, seed: int, copy: int) -> dict[str, object]:
        """The fields of the example, each word exchanged for the same other one wherever it stands.

        Two different words never become the same, so that who is meant stays clear.
        """
        chosen: dict[str, str] = {}

        def other(found: re.Match[str]) -> str:
            word = found.group()
            if word not in chosen:
                free = [each for each in self._groups[self._group_of[word]] if each not in chosen.values()]
                others = [each for each in free if each != word] or free
                chosen[word] = others[pick(len(others), seed, example.row, copy, word)] if others else word
            return chosen[word]

        pattern = self._pattern
        return with_texts(example, lambda text: pattern.sub(other, text) if pattern else text)


def reworded(example: Example, templates: Sequence[str], seed: int, copy: int) -> Example:
    """The first thing the user says, put into one of the templates."""
    at = next((at for at, message in enumerate(example.messages) if message.role is Role.USER), None)
    if at is None or not templates:
        return example
    template = templates[pick(len(templates), seed, example.row, copy, "template")]
    asked = replace(example.messages[at], content=template.replace("{question}", example.messages[at].content))
    return replace(example, messages=(*example.messages[:at], asked, *example.messages[at + 1 :]))


def augmented(
    rows: Iterator[Example],
    words: WordGroups,
    templates: Sequence[str],
    copies: int,
    seed: int,
    counts: Counter[str],
) -> Iterator[Example]:
    """Every row, followed by its copies; no copy says what another one or the row itself says."""
    for example in rows:
        yield example
        said = {content_key(example)}
        for copy in range(copies):
            other = changed(example, "augment", **words.exchanged(example, seed, copy))
            other = reworded(other, templates, seed, copy)
            if (key := content_key(other)) in said:
                counts[NOTHING_TO_CHANGE] += 1
                continue
            said.add(key)
            counts[ADDED] += 1
            yield other
