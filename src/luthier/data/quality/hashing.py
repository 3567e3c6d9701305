"""Texts as hashes, many at once: the same for the same letters in every process and on every machine."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ids = NDArray[np.uint64]

WINDOW = 6  # bytes; a changed word spoils about twelve windows, and unrelated texts share few
_BLANK = ord(" ")
_PAD = b"\0" * (WINDOW - 1)
_LONGEST_WORD = 64  # letters that are told apart by their place


@dataclass(frozen=True, slots=True)
class Hashes:
    values: Ids
    owners: NDArray[np.int64]  # which text each belongs to; ascending


def text_id(*parts: str) -> int:
    """64 bits: among ten million texts, two that differ share one with a chance of 1 in 400,000."""
    digest = hashlib.blake2b(digest_size=8)
    for part in parts:
        digest.update(part.encode("utf-8", "surrogatepass") + b"\0")
    return int.from_bytes(digest.digest(), "little")


def window_hashes(texts: Sequence[str]) -> Hashes:
    """Of every WINDOW bytes in a row, without regard to case, punctuation and the width of blanks.

    Bytes rather than words, so that texts of scripts without blanks are compared as finely as others.
    """
    letters, owners = _laid_out([text.casefold() for text in texts], _WITHOUT_PUNCTUATION)
    values = np.zeros(max(0, len(letters) - WINDOW + 1), dtype=np.uint64)
    for place in range(WINDOW):
        values |= letters[place : len(values) + place].astype(np.uint64) << np.uint64(8 * place)
    starts = letters[: len(values)] != 0
    return Hashes(mixed(values[starts]), owners[: len(values)][starts])


def phrase_hashes(texts: Sequence[str]) -> Hashes:
    """Of every word, and of every two words in a row; letter case and signs inside of words count."""
    letters, owners = _laid_out(texts, _WITHOUT_SENTENCE_MARKS)
    inside = (letters != _BLANK) & (letters != 0)
    begins = np.flatnonzero(inside & ~np.concatenate(([False], inside[:-1])))
    if not len(begins):
        return Hashes(np.zeros(0, np.uint64), np.zeros(0, np.int64))
    places = np.flatnonzero(inside)
    word_of = np.searchsorted(begins, places, side="right") - 1
    depth = np.minimum(places - begins[word_of], _LONGEST_WORD - 1)
    starts = np.searchsorted(places, begins)
    words = mixed(np.add.reduceat(_LETTER_IDS[depth, letters[places]], starts))
    word_owners = owners[begins]
    pairs = mixed(words[:-1] * np.uint64(3) + words[1:])
    together = word_owners[:-1] == word_owners[1:]
    values = np.concatenate((words, pairs[together]))
    both = np.concatenate((word_owners, word_owners[:-1][together]))
    order = np.argsort(both, kind="stable")
    return Hashes(values[order], both[order])


def mixed(values: Ids) -> Ids:
    """The finaliser of SplitMix64 (Steele, Lea and Flood 2014): every bit depends on every bit."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


def _laid_out(texts: Sequence[str], table: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """All texts in one array of bytes, each between blanks and followed by zeros, and whose each byte is."""
    encoded = [b" " + text.encode("utf-8", "surrogatepass") + b" " + _PAD for text in texts]
    letters = table[np.frombuffer(b"".join(encoded), dtype=np.uint8)]
    owners = np.repeat(np.arange(len(encoded), dtype=np.int64), [len(each) for each in encoded])
    kept = np.ones(len(letters), dtype=np.bool_)
    kept[1:] = (letters[1:] != _BLANK) | (letters[:-1] != _BLANK)
    return letters[kept], owners[kept]


def _table(blanks: str) -> NDArray[np.uint8]:
    table = np.arange(256, dtype=np.uint8)
    table[[*blanks.encode(), *range(1, 33), 127]] = _BLANK
    return table


_WITHOUT_PUNCTUATION = _table("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~")
_WITHOUT_SENTENCE_MARKS = _table(".,;:!?\"'()")
_LETTER_IDS = mixed(np.arange(1, _LONGEST_WORD * 256 + 1, dtype=np.uint64)).reshape(_LONGEST_WORD, 256)
