"""A conversation in the terminal: who has said what, and the loop of question and answers."""

from collections.abc import Callable, Sequence
from contextlib import closing, suppress

from rich.text import Text

from luthier.cli.render.text import soft
from luthier.cli.terminal import Terminal
from luthier.domain.chat import ChatTarget
from luthier.domain.chats import How, KeptAnswer
from luthier.kit.units import show_bytes, show_count, show_duration
from luthier.services.chats import Chats

_NEW = "/new"
_QUIT = ("/quit", "/exit")


class Talk:
    """One chat that is kept, with the models that answer in it; the same settings for all, so that they compare."""

    def __init__(self, chats: Chats, targets: Sequence[tuple[str, ChatTarget]], how: How) -> None:
        """`targets` are names and what they stand for."""
        self._chats = chats
        self._names = [name for name, _ in targets]
        self._how = how
        self._chat_id: str | None = None
        self.labels = [target.label for _, target in targets]

    def forget(self) -> None:
        """The next question begins a chat of its own."""
        self._chat_id = None

    def ask(self, question: str) -> int:
        """Returns the number under which each of them answers."""
        if self._chat_id is None:
            self._chat_id = self._chats.begin().chat_id
        return self._chats.ask(self._chat_id, question, self._how)

    def answer(self, number: int, column: int, on_text: Callable[[str], None]) -> KeptAnswer:
        """Streams to `on_text`; what was said before an interruption is kept."""
        assert self._chat_id is not None, "something was asked"
        with closing(self._chats.answer(self._chat_id, number, column, self._names[column])) as told:
            for item in told:
                if isinstance(item, KeptAnswer):
                    return item
                on_text(item.text)
        raise AssertionError("the answer that is kept comes last")


def figures(answer: KeptAnswer) -> Text:
    end = "cut off at the longest answer allowed, " if answer.stop_reason == "length" else ""
    return soft(
        f"({end}{show_count(answer.tokens)} tokens, first after "
        f"{show_duration(answer.first_token_seconds)}, {answer.tokens_per_second:.0f} tokens/s, "
        f"{show_bytes(answer.memory_bytes)})"
    )


def converse(terminal: Terminal, talk: Talk) -> None:
    """Until Ctrl-D, or Ctrl-C at the prompt; Ctrl-C during an answer ends only that answer."""
    with suppress(ImportError):  # Windows has none and needs none
        import readline  # noqa: F401 - from now on input() has editing and history
    terminal.say(soft(f"Chatting with {' and '.join(talk.labels)}. /new begins afresh, Ctrl-D ends."))
    while True:
        try:
            question = input("you> ").strip()
        except EOFError:
            terminal.out.print()
            return
        if question in _QUIT:
            return
        if question == _NEW:
            talk.forget()
        elif question:
            _let_all_answer(terminal, talk, question)


def _let_all_answer(terminal: Terminal, talk: Talk, question: str) -> None:
    number = talk.ask(question)
    try:
        for column, label in enumerate(talk.labels):
            with terminal.answering(label, f"{label}> ") as stream:
                answer = talk.answer(number, column, stream)
            terminal.say(figures(answer))
    except KeyboardInterrupt:
        terminal.say(soft("(interrupted; what was said so far is kept)"))
