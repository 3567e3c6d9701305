"""What a scenario's turns say in plain words: what the story mentions must stay true when the scenario is varied."""

import re
from collections.abc import Iterator, Sequence

from luthier.data.scenarios.inline import Choice, Piece, Plain, marks_in
from luthier.data.scenarios.read import ReadTurn

_WORD = re.compile(r"\w+(?:['’]\w+)?")
_NUMBER = re.compile(r"[0-9]+")
_SHORTEST_WORD = 3  # letters of an item's word that tells one thing from another


class Story:
    """Every alternative of every turn; what is filled in by a span is not part of it."""

    def __init__(self, turns: Sequence[ReadTurn], extra: Sequence[str] = ()) -> None:
        texts = [text for turn in turns for text in _plain_texts(turn.pieces)]
        called = [mark.body for turn in turns for mark in marks_in(turn.pieces)]  # its numbers are no part of the story
        told = "\n".join([*texts, *extra])
        self._lower = "\n".join([told, *called]).lower()
        self._words = frozenset(_WORD.findall(told))
        self._numbers = frozenset(_NUMBER.findall(told))

    def has_word(self, word: str) -> bool:
        """Written exactly like this."""
        return word in self._words or f"{word}'s" in self._words or f"{word}’s" in self._words

    def has_number(self, number: object) -> bool:
        return str(number) in self._numbers

    def mentions(self, thing: str) -> bool:
        """Any telling word of it, in any case, also as a part of a word: rather too often than once too rarely."""
        words = [word for word in _WORD.findall(thing.lower()) if len(word) >= _SHORTEST_WORD]
        return any(word.rstrip("s") in self._lower for word in words)


def _plain_texts(pieces: Sequence[Piece]) -> Iterator[str]:
    for piece in pieces:
        if isinstance(piece, Plain):
            yield piece.text
        elif isinstance(piece, Choice):
            for branch in piece.branches:
                yield from _plain_texts(branch.pieces)
