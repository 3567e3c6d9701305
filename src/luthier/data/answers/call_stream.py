"""Tells the words of an answer as they come, and keeps what is, or may become, a function call until its end."""

from collections.abc import Sequence

from luthier.data.answers.call_form import CallForm, calls_in, may_be_json
from luthier.data.answers.stop_texts import longest_beginning
from luthier.domain.datasets import ToolCall


class CallStream:
    """`begun` is the beginning of a call that the model was made to go on from."""

    def __init__(self, form: CallForm, names: Sequence[str], begun: str = "") -> None:
        self._form = form
        self._names = names
        self._text = begun
        self._told = 0
        self._holds = bool(begun)

    def push(self, text: str) -> str:
        self._text += text
        if not self._holds:
            self._holds = self._form.mark in self._text if self._form.mark else may_be_json(self._text)
        if self._holds:
            return self._tell_until(self._text.find(self._form.mark) if self._form.mark else 0)
        if not self._form.mark:
            is_open = self._text.strip() in ("", "<")  # a control token may follow, and then a call
            return self._tell_until(0 if is_open else len(self._text))
        return self._tell_until(len(self._text) - longest_beginning(self._text, (self._form.mark,)))

    def end(self) -> tuple[str, tuple[ToolCall, ...]]:
        """The words that were not told yet, and the calls."""
        words, calls = calls_in(self._text, self._form, self._names)
        return words[self._told :], calls

    def _tell_until(self, end: int) -> str:
        told = self._text[self._told : max(end, self._told)]
        self._told += len(told)
        return told
