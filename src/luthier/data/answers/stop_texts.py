"""Ends an answer at the first stop text; what may be the beginning of one is held back until it is known."""

from collections.abc import Sequence


class StopTexts:
    """What `push` and `rest` return, put together, is the answer up to the first stop text."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._texts = tuple(text for text in texts if text)
        self._held = ""
        self.found = False

    def push(self, text: str) -> str:
        self._held += text
        places = [place for stop in self._texts if (place := self._held.find(stop)) >= 0]
        if places:
            self.found = True
            told, self._held = self._held[: min(places)], ""
            return told
        keep = longest_beginning(self._held, self._texts)
        told, self._held = self._held[: len(self._held) - keep], self._held[len(self._held) - keep :]
        return told

    def rest(self) -> str:
        told, self._held = self._held, ""
        return told


def longest_beginning(text: str, wanted: Sequence[str]) -> int:
    """How many of the last characters of `text` may be the beginning of one of `wanted`."""
    longest = max((len(each) for each in wanted), default=1) - 1
    for size in range(min(longest, len(text)), 0, -1):
        if any(each.startswith(text[-size:]) for each in wanted):
            return size
    return 0
