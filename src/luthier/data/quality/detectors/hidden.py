"""Text that people do not see, or see in another order than the model does."""

import re
from collections.abc import Iterator, Sequence
from functools import cache

from luthier.data.quality.facts import CharacterRange, character_facts
from luthier.data.quality.parts import Detector, Flag, Parts

_FLAG_OF_A_REGION = "\U0001f3f4"  # the emoji after which tag characters spell a region's flag


def without_hidden(text: str) -> str:
    return text if text.isascii() else _pattern().sub("", text)


def _hidden(parts: Parts) -> Iterator[Flag]:
    seen: set[str] = set()
    for said in parts.texts:
        if said.text.isascii():
            continue
        for found in _pattern().finditer(said.text):
            code, words = _meaning(found.group()[0])
            if code in seen or said.text[found.start() - 1 : found.start()] == _FLAG_OF_A_REGION:
                continue
            seen.add(code)
            count = len(found.group())
            several = f"{count} in a row of " if count > 1 else ""
            yield Flag(code, said.message, found.start(), f"{several}{words} (U+{ord(found.group()[0]):04X})")


@cache
def _pattern() -> re.Pattern[str]:
    facts = character_facts()
    return re.compile(f"[{_class(facts.invisible)}]+|[{_class(facts.bidirectional)}]+")


def _class(ranges: Sequence[CharacterRange]) -> str:
    return "".join(f"{chr(each.first)}-{chr(each.last)}" for each in ranges)


def _meaning(letter: str) -> tuple[str, str]:
    facts = character_facts()
    for code, ranges in (("text.invisible", facts.invisible), ("text.bidirectional", facts.bidirectional)):
        for each in ranges:
            if each.first <= ord(letter) <= each.last:
                return code, each.name
    raise AssertionError(letter)


HIDDEN = Detector("invisible and reordering characters", _hidden)
