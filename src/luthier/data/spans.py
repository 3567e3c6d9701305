"""Which characters of a rendered conversation the assistant says, found by comparing renderings, not by markers."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from jinja2 import TemplateError

Messages = list[dict[str, Any]]
Render = Callable[[Messages, bool], str]  # (messages, with generation prompt) -> text


class Span(NamedTuple):
    start: int  # characters
    end: int


@dataclass(frozen=True)
class Turns:
    spans: dict[int, Span]  # by index of the message
    missed: tuple[int, ...]  # trained turns that the rendered text does not hold as they are
    prompt_differs: tuple[int, ...]  # turns that training opens otherwise than generation will


def find_turns(messages: Messages, trained: list[int], full: str, render: Render, finder: "TurnFinder") -> Turns:
    """The span of a turn begins where the generation prompt ends and includes the token that ends the turn.

    A template may change earlier turns once later ones follow (e.g. drop their reasoning). Such a turn is searched
    for by its own rendering; one that is not found is reported in `missed`, and is not trained.
    """
    spans: dict[int, Span] = {}
    missed, differs = [], []
    cursor = 0
    for index in trained:
        turn = finder.locate(messages, index, full, render, cursor)
        if turn is None:
            missed.append(index)
            continue
        span, prompt_agrees = turn
        spans[index] = span
        cursor = span.end
        if not prompt_agrees:
            differs.append(index)
    return Turns(spans, tuple(missed), tuple(differs))


class TurnFinder:
    """Knows the control tokens, and what the template writes after an answer."""

    def __init__(self, control_tokens: list[str], turn_end: str) -> None:
        longest_first = sorted(control_tokens, key=len, reverse=True)
        self.control = re.compile("|".join(re.escape(token) for token in longest_first) or r"(?!)")
        self.turn_end = turn_end

    def locate(
        self, messages: Messages, index: int, full: str, render: Render, cursor: int
    ) -> tuple[Span, bool] | None:
        before = messages[:index]
        try:
            prompt = render(before, True) if before else ""
            upto = full if index == len(messages) - 1 else render(messages[: index + 1], False)
            base = prompt if full.startswith(prompt) else render(before, False)
        except TemplateError:
            return None
        if prompt and full.startswith(base):
            start = common_prefix(prompt, full)
            end = self._whole_token_end(full, common_prefix(upto, full))
            span = self._trimmed(full, start, end)
            if start >= cursor and _says(messages[index], full[span.start : span.end]):
                return span, start == len(prompt)
        return self._search(messages[index], full, prompt[len(base) :], prompt, upto, cursor)

    def _search(
        self, message: dict[str, Any], full: str, opening: str, prompt: str, upto: str, cursor: int
    ) -> tuple[Span, bool] | None:
        own = upto[len(prompt) :] if prompt and upto.startswith(prompt) else ""
        for piece in (own, own.rstrip(), message["content"], message["content"].strip()):
            at = full.find(opening + piece, max(0, cursor - len(opening))) if piece else -1
            if at >= 0 and _says(message, piece):
                start = at + len(opening)
                return self._trimmed(full, start, self._end_after(full, start + len(piece))), True
        return None

    def _end_after(self, full: str, at: int) -> int:
        """Includes the control token that follows directly."""
        token = self.control.match(full, at)
        return token.end() if token else at

    def _whole_token_end(self, full: str, at: int) -> int:
        """Two renderings may part inside a control token (<|end|> against <|endoftext|>): the cut goes after it."""
        for token in self.control.finditer(full, max(0, at - 64), min(len(full), at + 64)):
            if token.start() < at < token.end():
                return token.end()
        return at

    def _trimmed(self, full: str, start: int, end: int) -> Span:
        """Ends with the end of the turn: what the template writes after that, the model never has to say."""
        if self.turn_end:
            at = full.rfind(self.turn_end, start, end)
            if at >= 0:
                return Span(start, at + len(self.turn_end))
        ended = full[start:end].rstrip()
        last = list(self.control.finditer(ended))[-1:]
        return Span(start, start + len(ended)) if last and last[0].end() == len(ended) else Span(start, end)


def common_prefix(one: str, other: str) -> int:
    """The length of what both begin with, by bisection on slices: comparing character by character is slow."""
    low, high = 0, min(len(one), len(other))
    if one[:high] == other[:high]:
        return high
    while high - low > 1:
        middle = (low + high) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle
    return low


def _says(message: dict[str, Any], text: str) -> bool:
    """Templates may trim an answer, and may set apart the reasoning that an answer begins with."""
    names = [call["function"]["name"] for call in message.get("tool_calls", ())]
    answer = message["content"].rsplit("</think>", 1)[-1].strip()
    return answer in text and all(name in text for name in names)
