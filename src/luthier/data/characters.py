"""Finds what stands in a text without being seen, or is no text; almost every text is passed after one look."""

import unicodedata
from collections.abc import Iterator
from typing import NamedTuple

from luthier.data.facts import Trap, trap_facts

_PLAIN = bytes([9, 10, 11, 12, 13, *range(32, 127)])
_SHOWN_CHARACTERS = 40


class Oddity(NamedTuple):
    trap: Trap
    says: str  # a clause that follows what holds it


def oddities(text: str) -> Iterator[Oddity]:
    """Each kind of trap once, with the first that was met."""
    facts = trap_facts()
    suspected = [trap for trap in facts.marked if trap.mark in text]
    if is_odd(text):
        suspected = [*facts.unmarked, *suspected]
    for trap in suspected:
        if found := trap.regex.search(text):
            yield Oddity(trap, trap.says.format(shown=_shown(found.group())))


def is_odd(text: str) -> bool:
    """Whether a trap without a mark can stand in it. Almost every text is not, so this is what a check costs."""
    if text.isascii():
        return bool(text.encode().translate(None, _PLAIN))
    facts = trap_facts()
    return facts.odd_pattern.search(text) is not None or all(each.search(text) for each in facts.mixed_patterns)


def _shown(found: str) -> str:
    """A character by its number and name, since to print it would do what it is reported for."""
    if len(found) == 1:
        name = unicodedata.name(found, "")
        return f"U+{ord(found):04X}{' ' + name if name else ''}"
    if found.isprintable():
        return found[:_SHOWN_CHARACTERS]
    return repr(found[:_SHOWN_CHARACTERS]).strip("'\"")
