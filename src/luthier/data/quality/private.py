"""Finds personal data and secrets in a text: by form first, then by check digits and randomness."""

import re
from bisect import bisect
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from luthier.data.quality.checksums import CHECKS, entropy
from luthier.data.quality.facts import PrivateFact, private_facts

_NUMBER = re.compile(r"\d(?:[^\d\n]{0,3}\d){3,}")  # digits that stand close together
_NO_DIGIT = re.compile(r"\D+")
_MANY_DIGITS = 20  # no kind needs more


class PrivateSpan(NamedTuple):
    start: int
    end: int
    kind: str


def find_private(text: str) -> list[PrivateSpan]:
    """In the order of the text, without overlaps: where two kinds fit, the more certain one has it."""
    found: list[PrivateSpan] = []
    for needed, fact, pattern in _patterns(_most_digits(text)):
        if needed not in text:
            continue
        for span in _spans(text, fact, pattern):
            _insert(found, span)
    return found


@cache
def private_words(kind: str) -> tuple[str, bool]:
    """How a kind is called, and whether it is a secret."""
    return next((fact.words, fact.secret) for fact in private_facts() if fact.kind == kind)


def _insert(found: list[PrivateSpan], span: PrivateSpan) -> None:
    """Keeps the list sorted, and as it is where something stands already."""
    at = bisect(found, span)
    if (at == 0 or found[at - 1].end <= span.start) and (at == len(found) or span.end <= found[at].start):
        found.insert(at, span)


def _spans(text: str, fact: PrivateFact, pattern: re.Pattern[str]) -> Iterator[PrivateSpan]:
    for match in pattern.finditer(text):
        value = match.group(fact.group)
        if fact.check and not CHECKS[fact.check](value):
            continue
        if fact.least_entropy and entropy(value) < fact.least_entropy:
            continue
        yield PrivateSpan(match.start(fact.group), match.end(fact.group), fact.kind)


def _most_digits(text: str) -> int:
    """How many digits stand close together at most. Few texts have many, which spares them nearly all patterns."""
    lengths = (len(_NO_DIGIT.sub("", number)) for number in _NUMBER.findall(text))
    return min(max(lengths, default=0), _MANY_DIGITS)


@cache
def _patterns(digits: int) -> tuple[tuple[str, PrivateFact, re.Pattern[str]], ...]:
    """One entry for each word that a kind needs; the empty word stands in every text."""
    return tuple(
        (needed, fact, re.compile(fact.pattern))
        for fact in private_facts()
        if fact.digits <= digits
        for needed in fact.needs or ("",)
    )
