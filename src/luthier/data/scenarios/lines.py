"""A text as lines that keep their own ends, so that putting them together gives every byte back."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

_LINE = re.compile(r"([^\r\n]*)(\r\n|\r|\n|\Z)")


class Spot(NamedTuple):
    """As editors count: both from 1."""

    line: int
    character: int


@dataclass(frozen=True, slots=True)
class Line:
    number: int  # from 1
    text: str
    end: str  # \r\n, \n, \r, or nothing at the end of the file

    @property
    def is_blank(self) -> bool:
        return not self.text.strip()

    def spot(self, offset: int = 0) -> Spot:
        return Spot(self.number, offset + 1)


def lines_of(text: str) -> list[Line]:
    found = (match.groups() for match in _LINE.finditer(text))
    return [Line(number, text, end) for number, (text, end) in enumerate(found, start=1) if text or end]


def joined(lines: Iterable[Line]) -> str:
    """Exactly as it was read."""
    return "".join(line.text + line.end for line in lines)


def text_of(lines: Iterable[Line]) -> str:
    """With \\n between lines, whatever they end with."""
    return "\n".join(line.text for line in lines)


def trimmed(lines: Sequence[Line]) -> list[Line]:
    """Without blank lines at the beginning and at the end."""
    filled = [at for at, line in enumerate(lines) if not line.is_blank]
    return list(lines[filled[0] : filled[-1] + 1]) if filled else []
