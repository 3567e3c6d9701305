"""Replaces personal data and secrets by numbered words, the same word for the same value throughout an example."""

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from typing import Protocol

from luthier.data.canonical import to_line
from luthier.domain.datasets import Example

_NUMBERED = re.compile(r"\[([A-Z][A-Z_]*)_(\d{1,9})\]")


class Span(Protocol):
    @property
    def start(self) -> int: ...
    @property
    def end(self) -> int: ...
    @property
    def kind(self) -> str: ...


Finder = Callable[[str], Sequence[Span]]


class Redaction:
    """Of one example: `redaction(text)` for each of its texts."""

    def __init__(self, example: Example, find: Finder, kinds: Collection[str] = ()) -> None:
        self._find = find
        self._kinds = kinds
        self._words: dict[tuple[str, str], str] = {}
        self._used: defaultdict[str, int] = defaultdict(int)
        for kind, number in _NUMBERED.findall(to_line(example).decode()):  # left by an earlier redaction
            self._used[kind] = max(self._used[kind], int(number))

    def __call__(self, text: str) -> str:
        """All kinds of values when none are named. Of two that overlap, the one that begins first, then the longer."""
        spans = [span for span in self._find(text) if not self._kinds or span.kind in self._kinds]
        parts: list[str] = []
        end = 0
        for span in sorted(spans, key=lambda each: (each.start, -each.end)):
            if span.start < end:
                end = max(end, span.end)  # what sticks out of an overlap is not left standing
                continue
            parts += [text[end : span.start], self._word(span.kind, text[span.start : span.end])]
            end = span.end
        return "".join(parts) + text[end:]

    def _word(self, kind: str, value: str) -> str:
        name = re.sub(r"[^A-Z]+", "_", kind.upper()).strip("_")
        key = (name, "".join(value.split()).casefold())
        if key not in self._words:
            self._used[name] += 1
            self._words[key] = f"[{name}_{self._used[name]}]"
        return self._words[key]
