"""Two versions of an example side by side, with the words in which they differ marked."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import zip_longest
from typing import Any

_WORDS = re.compile(r"\s+|\w+|[^\w\s]")
_MOST_WORDS = 3_000  # of both texts; comparing takes time by the square of it


@dataclass(frozen=True, slots=True)
class Piece:
    text: str
    differs: bool


@dataclass(frozen=True, slots=True)
class Turn:
    """What one speaker said before and after; nothing on the side where the turn is not."""

    speaker: str
    before: Sequence[Piece]
    after: Sequence[Piece]


def turns_of(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Turn]:
    """Of two examples in canonical form."""
    pairs = zip_longest(_said(before), _said(after), fillvalue=("", ""))
    return [Turn(speaker or other, *marked(was, became)) for (speaker, was), (other, became) in pairs]


def marked(before: str, after: str) -> tuple[list[Piece], list[Piece]]:
    """Texts that are too long to be compared word by word differ as a whole."""
    left, right = _WORDS.findall(before), _WORDS.findall(after)
    if before == after or len(left) + len(right) > _MOST_WORDS:
        differs = before != after
        return [Piece(before, differs)], [Piece(after, differs)]
    was, became = [], []
    for what, i, j, k, m in SequenceMatcher(None, left, right, autojunk=False).get_opcodes():
        was.append(Piece("".join(left[i:j]), what != "equal"))
        became.append(Piece("".join(right[k:m]), what != "equal"))
    return [piece for piece in was if piece.text], [piece for piece in became if piece.text]


def _said(example: Mapping[str, Any]) -> list[tuple[str, str]]:
    if "text" in example:
        return [("text", example["text"])]
    return [(message["role"], _text_of(message)) for message in example.get("messages", ())]


def _text_of(message: Mapping[str, Any]) -> str:
    calls = (
        f"{call['name']}({json.dumps(call['arguments'], ensure_ascii=False)})" for call in message.get("tool_calls", ())
    )
    return "\n".join(part for part in (message.get("reasoning"), message.get("content"), *calls) if part)
