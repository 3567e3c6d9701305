"""`luthier chat`: one question or a conversation, with one model or two beside each other."""

import sys
from typing import Annotated, Any

import typer

from luthier.cli import declare
from luthier.cli.conversation import Answer, Asking, Speaker, converse
from luthier.cli.errors import NotUnderstood
from luthier.cli.render.text import one_line, soft
from luthier.cli.terminal import Terminal

app = declare.shortcut()


@declare.command(app, "chat")
def chat(  # noqa: PLR0913 - a command's options are its parameters
    terminal: Terminal,
    target: Annotated[str, typer.Argument(metavar="TARGET", help="A version, a run, or a base model.")],
    against: Annotated[str | None, typer.Option(metavar="TARGET", help="Ask this one the same.")] = None,
    prompt: Annotated[
        str | None, typer.Option(metavar="TEXT", help="Ask this and end; `-` reads it from standard input.")
    ] = None,
    system: Annotated[
        str | None,
        typer.Option(
            metavar="TEXT", help="The system message (default: the one TARGET was trained with; '' for none)."
        ),
    ] = None,
    temperature: Annotated[float, typer.Option(min=0, max=2, metavar="T", help="0 takes the likeliest token.")] = 0.0,
    max_tokens: Annotated[int, typer.Option(min=1, max=8192, metavar="N", help="Longest answer.")] = 256,
    seed: Annotated[int, typer.Option(min=0, metavar="N", help="Of the chance, when the temperature is above 0.")] = 0,
) -> None:
    """Chat with a version, a run or a base model. In a conversation, /new begins afresh and Ctrl-D ends."""
    chats = terminal.workspace.chat
    targets = [chats.resolve(name) for name in (target, against) if name is not None]
    if system is None and (system := targets[0].system_prompt):
        terminal.say(soft(f"System message of its training data: {one_line(system)} (--system '' for none)"))
    asking = Asking(system=system or None, temperature=temperature, max_new_tokens=max_tokens, seed=seed)
    speakers = [Speaker(chats, target, asking) for target in targets]
    question = _question(prompt)
    if question is None and terminal.options.as_json:
        raise NotUnderstood(message="--json needs a question: --prompt TEXT.", command="luthier chat")
    if question is None:
        converse(terminal, speakers)
        return
    answers = [_ask(terminal, speaker, question, named=len(speakers) > 1) for speaker in speakers]
    if terminal.options.as_json:
        terminal.result(_document(question, asking, answers), lambda: [])


def _question(prompt: str | None) -> str | None:
    """From --prompt, or from what is piped in; None when a person is to type."""
    if prompt is not None and prompt != "-":
        return prompt
    return None if prompt is None and sys.stdin.isatty() else sys.stdin.read().strip()


def _ask(terminal: Terminal, speaker: Speaker, question: str, *, named: bool) -> Answer:
    if terminal.options.as_json:
        return speaker.answer(question, lambda text: None)
    with terminal.answering(speaker.label, f"{speaker.label}\n" if named else "") as stream:
        answer = speaker.answer(question, stream)
    terminal.say(answer.figures())
    return answer


def _document(question: str, asking: Asking, answers: list[Answer]) -> dict[str, Any]:
    first, *others = [answer.document() for answer in answers]
    return {"system": asking.system, "prompt": question, **first, "against": others[0] if others else None}
