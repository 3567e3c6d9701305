"""`luthier chat`: one question or a conversation, with one model or up to four beside each other."""

import sys
from typing import Annotated, Any, cast, get_args

import typer

from luthier.cli import declare
from luthier.cli.conversation import Talk, converse, figures
from luthier.cli.errors import NotUnderstood
from luthier.cli.render.text import one_line, soft
from luthier.cli.terminal import Terminal
from luthier.domain.chat import Precision
from luthier.domain.chats import MOST_COLUMNS, How, KeptAnswer

app = declare.shortcut()


@declare.command(app, "chat")
def chat(  # noqa: PLR0913 - a command's options are its parameters
    terminal: Terminal,
    target: Annotated[str, typer.Argument(metavar="TARGET", help="A version, a run, or a base model.")],
    against: Annotated[
        list[str] | None, typer.Option(metavar="TARGET", help="Ask this one the same; up to three times.")
    ] = None,
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
    top_p: Annotated[float, typer.Option(min=0.01, max=1, metavar="P", help="Draw from the likeliest P of all.")] = 1.0,
    precision: Annotated[
        str | None, typer.Option(metavar="NAME", help="bf16, fp32, or nf4: four bits (default: as the settings say).")
    ] = None,
) -> None:
    """Chat with a version, a run or a base model. In a conversation, /new begins afresh and Ctrl-D ends."""
    workspace = terminal.workspace
    names = [target, *(against or ())]
    if len(names) > MOST_COLUMNS:
        message = f"Up to {MOST_COLUMNS} models answer beside each other, and these are {len(names)}."
        raise NotUnderstood(message=message, command="luthier chat")
    targets = [(name, workspace.chat.resolve(name)) for name in names]
    if system is None and (system := targets[0][1].system_prompt):
        terminal.say(soft(f"System message of its training data: {one_line(system)} (--system '' for none)"))
    how = How(
        system=system or None,
        temperature=temperature,
        top_p=top_p,
        max_new_tokens=max_tokens,
        seed=seed,
        precision=_precision(precision),
    )
    talk = Talk(workspace.chats, targets, how)
    question = _question(prompt)
    if question is None and terminal.options.as_json:
        raise NotUnderstood(message="--json needs a question: --prompt TEXT.", command="luthier chat")
    if question is None:
        converse(terminal, talk)
        return
    number = talk.ask(question)
    answers = [_ask(terminal, talk, number, column) for column in range(len(targets))]
    if terminal.options.as_json:
        terminal.result(_document(question, how, answers), lambda: [])


def _precision(name: str | None) -> Precision | None:
    if name is None:
        return None
    if name not in get_args(Precision):
        known = ", ".join(get_args(Precision))
        raise NotUnderstood(message=f"{name} is no precision; there are {known}.", command="luthier chat")
    return cast(Precision, name)


def _question(prompt: str | None) -> str | None:
    """From --prompt, or from what is piped in; None when a person is to type."""
    if prompt is not None and prompt != "-":
        return prompt
    return None if prompt is None and sys.stdin.isatty() else sys.stdin.read().strip()


def _ask(terminal: Terminal, talk: Talk, number: int, column: int) -> KeptAnswer:
    if terminal.options.as_json:
        return talk.answer(number, column, lambda text: None)
    label = talk.labels[column]
    with terminal.answering(label, f"{label}\n" if len(talk.labels) > 1 else "") as stream:
        answer = talk.answer(number, column, stream)
    terminal.say(figures(answer))
    return answer


def _document(question: str, how: How, answers: list[KeptAnswer]) -> dict[str, Any]:
    first, *others = [_answer(answer) for answer in answers]
    return {"system": how.system, "prompt": question, **first, "against": others}


def _answer(answer: KeptAnswer) -> dict[str, Any]:
    figures_of = {"answer_id", "stop_reason", "tokens", "first_token_seconds", "tokens_per_second", "memory_bytes"}
    return {"target": answer.label, "answer": answer.text, **answer.model_dump(include=figures_of)}
