"""Tokens into text as they come, never emitting half a character."""

from collections.abc import Callable, Sequence

HALF = "\ufffd"  # what decoding gives for bytes that are not a whole character yet


class TextStream:
    """What `push` and `rest` return, put together, is the text of all tokens.

    A window of tokens is decoded again at each step, because with some tokenizers a token's text depends on the one
    before it; the window moves on whenever it ends with a whole character.
    """

    def __init__(self, decode: Callable[[Sequence[int]], str]) -> None:
        self._decode = decode
        self._ids: list[int] = []
        self._window = 0  # where it begins
        self._told = 0  # tokens of the window before this place are told already

    def push(self, token: int) -> str:
        self._ids.append(token)
        text = self._untold()
        if not text or text.endswith(HALF):
            return ""
        self._window, self._told = self._told, len(self._ids)
        return text

    def peek(self, token: int) -> str:
        """What would be told, with half a character that may come at its end, if this token followed."""
        before = self._decode(self._ids[self._window : self._told])
        return self._decode([*self._ids[self._window :], token])[len(before) :]

    def rest(self) -> str:
        """What is left when no token follows; bytes that never became a character are dropped."""
        return self._untold().rstrip(HALF)

    def _untold(self) -> str:
        before = self._decode(self._ids[self._window : self._told])
        return self._decode(self._ids[self._window :])[len(before) :]
