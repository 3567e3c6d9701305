"""Answers that stop in the middle: an open code block, or prose whose last line ends without a mark."""

import re
from collections.abc import Iterator

from luthier.data.quality.parts import Detector, Flag, Parts

_SHORTEST = 160  # characters; labels, titles and short replies need no full stop
_WORDS_OF_PROSE = 8  # in the last line; shorter ones are headings, items, signatures
_FENCE = "```"
_SENTENCE_END = re.compile(r"[.!?。！？।؟…][\"'”’»)\]*_]*(?:\s|$)")
_NO_PROSE = ("#", "@", "http:", "https:", "www.")  # tags and addresses end without a mark
_LIST_ITEM = re.compile(r"\s*(?:[-*•+|>#]|\d{1,3}[.)]|[a-zA-Z][.)])\s*")


def _cut(parts: Parts) -> Iterator[Flag]:
    for answer in parts.answers:
        text = answer.text.rstrip()
        if text.count(_FENCE) % 2:
            yield Flag("answer.cut", answer.message, text.rfind(_FENCE), "a code block is not closed")
            return
        if len(text) >= _SHORTEST and _stops_in_prose(text):
            yield Flag("answer.cut", answer.message, len(text) - 1, f"it ends with “{text[-24:].lstrip()}”")
            return


def _stops_in_prose(text: str) -> bool:
    """Judged by the text's own habits: only where its other sentences end with a mark."""
    if not (text[-1].islower() or text[-1] in ",;"):
        return False
    last = text[text.rfind("\n") + 1 :]
    if last.rpartition(" ")[2].startswith(_NO_PROSE):
        return False
    if _LIST_ITEM.match(last) or last.count(" ") + 1 < _WORDS_OF_PROSE:
        return False
    return _SENTENCE_END.search(text) is not None


CUT = Detector("answers that are cut off", _cut)
