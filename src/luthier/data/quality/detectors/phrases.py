"""Looks for the phrases of the facts, each only where a word of it stands in the text."""

import re
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Literal

from luthier.data.quality.facts import Phrase, phrase_facts
from luthier.data.quality.parts import Flag, Said

PhraseList = Literal["refusals", "injections", "unrendered", "markers", "fill_ins"]

_LONGEST_QUOTE = 60
_ANY_CASE: frozenset[PhraseList] = frozenset({"refusals", "injections"})


def first_phrase(code: str, texts: Iterable[Said], phrases: PhraseList) -> Iterator[Flag]:
    """At most one flag, quoting what was found."""
    for said in texts:
        if found := _found(said, phrases):
            yield Flag(code, said.message, found.start(), f"“{_quoted(found.group())}”")
            return


def _found(said: Said, phrases: PhraseList) -> re.Match[str] | None:
    text, small = said.text, said.small
    for needed, pattern, begins in _compiled(phrases):
        if needed not in small:
            continue
        start = len(text) - len(text.lstrip()) if begins else 0
        if found := pattern.match(text, start) if begins else pattern.search(text):
            return found
    return None


@cache
def _compiled(phrases: PhraseList) -> tuple[tuple[str, re.Pattern[str], bool], ...]:
    """One entry for each word that a phrase needs: looking for these words is nearly all of the work."""
    flags = re.MULTILINE | (re.IGNORECASE if phrases in _ANY_CASE else 0)
    facts: tuple[Phrase, ...] = getattr(phrase_facts(), phrases)
    return tuple((needed, re.compile(each.pattern, flags), each.begins) for each in facts for needed in each.needs)


def _quoted(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= _LONGEST_QUOTE else f"{flat[: _LONGEST_QUOTE - 1]}…"
