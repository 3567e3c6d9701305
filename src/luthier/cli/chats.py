"""`luthier chats`: what was asked and answered, judged, exported, and sent to datasets."""

import sys
from pathlib import Path
from typing import Annotated

import orjson
import typer

from luthier.cli import declare
from luthier.cli.errors import NotUnderstood
from luthier.cli.render.chats import chats_table, show_chat
from luthier.cli.render.text import count_of, plain
from luthier.cli.terminal import Terminal
from luthier.domain.chats import Vote
from luthier.kit.files import write_atomically

app = declare.noun()

ChatArgument = Annotated[str, typer.Argument(metavar="CHAT", help="Its id, or the beginning of it.")]
AnswerArgument = Annotated[str, typer.Argument(metavar="ANSWER", help="Its id, which `luthier chats show` tells.")]
WordsOption = Annotated[str, typer.Option(metavar="WORDS", help="Only chats in which all of these were said.")]
_VOTES: dict[str, Vote | None] = {"up": "up", "down": "down", "none": None}


@declare.command(app, "list")
def list_(
    terminal: Terminal,
    search: WordsOption = "",
    limit: Annotated[int, typer.Option(min=1, max=1000, metavar="N", help="How many to show.")] = 30,
) -> None:
    """The chats that are kept, the one that changed last first."""
    chats = terminal.workspace.chats.list(search, limit)
    terminal.result(chats, lambda: chats_table(chats))


@declare.command(app, "show")
def show(terminal: Terminal, chat: ChatArgument) -> None:
    """One chat: its questions, the answers with their ids, and what was thought of them."""
    found = terminal.workspace.chats.get(chat)
    terminal.result(found, lambda: show_chat(found))


@declare.command(app, "export")
def export(
    terminal: Terminal,
    search: WordsOption = "",
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Where to (default: standard output).")] = None,
) -> None:
    """Every answer with the conversation before it, as JSON lines."""
    lines = [orjson.dumps(document) + b"\n" for document in terminal.workspace.chats.export(search)]
    if out is None:
        sys.stdout.buffer.writelines(lines)
        return
    write_atomically(out.expanduser(), b"".join(lines))
    terminal.say(f"{count_of(len(lines), 'answer')} written to {out}.")


@declare.command(app, "vote")
def vote(
    terminal: Terminal,
    answer: AnswerArgument,
    verdict: Annotated[str, typer.Argument(metavar="up|down|none", help="none takes an earlier vote back.")],
) -> None:
    """Say whether an answer was good."""
    if verdict not in _VOTES:
        raise NotUnderstood(message=f"{verdict} is no vote: up, down or none.", command="luthier chats vote")
    judged = terminal.workspace.chats.vote(answer, _VOTES[verdict])
    terminal.result(judged, lambda: [plain(f"{judged.answer_id}: {judged.vote or 'no vote'}.")])


@declare.command(app, "correct")
def correct(
    terminal: Terminal,
    answer: AnswerArgument,
    text: Annotated[str, typer.Option(metavar="TEXT", help="What it should have said; '' takes it back.")],
) -> None:
    """Say what an answer should have been."""
    judged = terminal.workspace.chats.correct(answer, text)
    words = "is corrected" if judged.correction is not None else "stands as it was said"
    terminal.result(judged, lambda: [plain(f"{judged.answer_id} {words}.")])


@declare.command(app, "send")
def send(
    terminal: Terminal,
    answer: Annotated[list[str], typer.Argument(metavar="ANSWER...", help="Ids, which `luthier chats show` tells.")],
    to: Annotated[str, typer.Option("--to", metavar="DATASET", help="Its next version, or a new dataset.")],
) -> None:
    """Make examples of answers; corrected ones as they should have been."""
    dataset = terminal.workspace.chat_examples.send(answer, to)
    words = f"{dataset.label} has {count_of(dataset.examples, 'example')} now."
    terminal.result(dataset, lambda: [plain(words)])


@declare.command(app, "delete")
def delete(terminal: Terminal, chat: ChatArgument) -> None:
    """Forget a chat for good; what was sent to datasets stays there."""
    gone = terminal.workspace.chats.delete(chat)
    terminal.result({"chat_id": gone.chat_id}, lambda: [plain(f"{gone.chat_id} is deleted.")])
