"""Kept chats: a table of them, and one with everything that was said."""

from collections.abc import Iterable, Sequence

from rich.console import RenderableType
from rich.text import Text

from luthier.cli.render.moments import local_time
from luthier.cli.render.tables import table
from luthier.cli.render.text import heading, one_line, plain, soft
from luthier.domain.chats import KeptAnswer, KeptChat
from luthier.kit.units import show_bytes, show_duration

_VOTES = {"up": "good", "down": "not good"}


def chats_table(chats: Sequence[KeptChat]) -> Iterable[RenderableType]:
    if not chats:
        yield Text("No chats are kept yet: luthier chat starter")
        return
    rows = [
        (one_line(chat.title, 60), chat.chat_id, one_line(", ".join(chat.labels), 40), local_time(chat.changed_at))
        for chat in chats
    ]
    yield table(("First question", "Id", "Answered by", "Changed"), rows)


def show_chat(chat: KeptChat) -> Iterable[RenderableType]:
    for exchange in chat.exchanges:
        if exchange.how.system:
            yield soft(f"System message: {one_line(exchange.how.system)}")
        yield heading(f"you> {exchange.question}")
        for answer in exchange.answers:
            yield plain(f"{answer.label}> {answer.text}")
            if answer.correction is not None:
                yield plain(f"should be> {answer.correction}", "good")
            yield soft(f"  {answer.answer_id}: {', '.join(_facts(answer))}")


def _facts(answer: KeptAnswer) -> Iterable[str]:
    yield f"{answer.tokens} tokens"
    if answer.stop_reason == "cancelled":
        yield "cancelled"
    else:
        yield f"first after {show_duration(answer.first_token_seconds)}"
        yield f"{answer.tokens_per_second:.0f} tokens/s"
        yield show_bytes(answer.memory_bytes)
    if answer.vote is not None:
        yield _VOTES[answer.vote]
    if answer.sent_to:
        yield f"sent to {', '.join(answer.sent_to)}"
