"""Which script most letters of a text belong to: as much as can be said of its language without guessing."""

from collections.abc import Iterator, Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from luthier.data.quality.facts import character_facts

NONE = "none"  # no letters, or none of a script that the facts know
_READ = 2_000  # characters of a text that are looked at


def scripts_of(texts: Sequence[str]) -> Iterator[str]:
    """Japanese wherever it has kana, since its texts are mostly of Han letters."""
    for text in texts:
        head = text[:_READ]
        if head.isascii():
            yield "Latin" if any(letter.isalpha() for letter in head) else NONE
        else:
            yield _script_of(head)


def _script_of(text: str) -> str:
    starts, ends, scripts, names = _ranges()
    letters = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    block = np.searchsorted(starts, letters, side="right") - 1
    known = (block >= 0) & (letters <= ends[block])
    counts = np.bincount(scripts[block[known]], minlength=len(names))
    if not counts.any():
        return NONE
    found = names[int(counts.argmax())]
    return "Japanese" if found == "Han" and counts[names.index("Japanese")] else found


@cache
def _ranges() -> tuple[NDArray[np.uint32], NDArray[np.uint32], NDArray[np.int64], tuple[str, ...]]:
    ranges = sorted(character_facts().scripts, key=lambda each: each.first)
    names = tuple(dict.fromkeys(each.name for each in ranges))
    return (
        np.array([each.first for each in ranges], dtype=np.uint32),
        np.array([each.last for each in ranges], dtype=np.uint32),
        np.array([names.index(each.name) for each in ranges], dtype=np.int64),
        names,
    )
