"""A conversation in the terminal: who has said what, and the loop of question and answers."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from rich.text import Text

from luthier.cli.render.text import soft
from luthier.cli.terminal import Terminal
from luthier.domain.chat import ChatMessage, ChatPiece, ChatRequest, ChatTarget
from luthier.kit.units import show_count, show_duration
from luthier.services.chat import Chat

_NEW = "/new"
_QUIT = ("/quit", "/exit")


@dataclass(frozen=True)
class Asking:
    """How answers are drawn; the same for every speaker, so that they can be compared."""

    system: str | None
    temperature: float
    max_new_tokens: int
    seed: int


@dataclass(frozen=True)
class Answer:
    target: str
    text: str
    last: ChatPiece

    def figures(self) -> Text:
        end = {"length": "cut off at the longest answer allowed, ", "cancelled": "cancelled, "}.get(
            self.last.stop_reason, ""
        )
        return soft(
            f"({end}{show_count(self.last.tokens)} tokens, first after "
            f"{show_duration(self.last.first_token_seconds)}, {self.last.tokens_per_second:.0f} tokens/s)"
        )

    def document(self) -> dict[str, Any]:
        return {
            "target": self.target,
            "answer": self.text,
            "stop_reason": self.last.stop_reason,
            "tokens": self.last.tokens,
            "first_token_seconds": self.last.first_token_seconds,
            "tokens_per_second": self.last.tokens_per_second,
        }


class Speaker:
    """One model with its own memory of the conversation."""

    def __init__(self, chats: Chat, target: ChatTarget, asking: Asking) -> None:
        self._chats = chats
        self._target = target
        self._asking = asking
        self._messages: list[ChatMessage] = []
        self.forget()

    @property
    def label(self) -> str:
        return self._target.label

    def forget(self) -> None:
        system = self._asking.system
        self._messages = [ChatMessage(role="system", content=system)] if system else []

    def answer(self, question: str, on_text: Callable[[str], None]) -> Answer:
        """Streams to `on_text`; a question whose answer was interrupted is forgotten."""
        messages = [*self._messages, ChatMessage(role="user", content=question)]
        request = ChatRequest(
            target=self._target,
            messages=tuple(messages),
            max_new_tokens=self._asking.max_new_tokens,
            temperature=self._asking.temperature,
            seed=self._asking.seed,
        )
        parts: list[str] = []
        last = ChatPiece()
        for piece in self._chats.stream(request):
            parts.append(piece.text)
            on_text(piece.text)
            last = piece
        text = "".join(parts)
        self._messages = [*messages, ChatMessage(role="assistant", content=text)]
        return Answer(target=self.label, text=text, last=last)


def converse(terminal: Terminal, speakers: Sequence[Speaker]) -> None:
    """Until Ctrl-D, or Ctrl-C at the prompt; Ctrl-C during an answer ends only that answer."""
    with suppress(ImportError):  # Windows has none and needs none
        import readline  # noqa: F401 - from now on input() has editing and history
    terminal.say(
        soft(f"Chatting with {' and '.join(speaker.label for speaker in speakers)}. /new begins afresh, Ctrl-D ends.")
    )
    while True:
        try:
            question = input("you> ").strip()
        except EOFError:
            terminal.out.print()
            return
        if question in _QUIT:
            return
        if question == _NEW:
            for speaker in speakers:
                speaker.forget()
        elif question:
            _let_all_answer(terminal, speakers, question)


def _let_all_answer(terminal: Terminal, speakers: Sequence[Speaker], question: str) -> None:
    try:
        for speaker in speakers:
            with terminal.answering(speaker.label, f"{speaker.label}> ") as stream:
                answer = speaker.answer(question, stream)
            terminal.say(answer.figures())
    except KeyboardInterrupt:
        terminal.say(soft("(interrupted; the question is forgotten)"))
