"""`luthier datasets split|mix|balance|augment|paraphrase`: other datasets out of those that are there."""

from pathlib import Path
from typing import Annotated, Any

import typer

from luthier.cli import declare
from luthier.cli.deriving import DatasetArgument, NameOption, NearOption, SeedOption, make
from luthier.cli.errors import NotUnderstood
from luthier.cli.terminal import Terminal
from luthier.domain.derivations import NEAR

app = declare.shortcut()


@declare.command(app, "split")
def split(
    terminal: Terminal,
    dataset: DatasetArgument,
    share: Annotated[
        list[str] | None,
        typer.Option(metavar="SIDE=SHARE", help="A side and its share (default: held-out=0.1); may be repeated."),
    ] = None,
    near: NearOption = NEAR,
    seed: SeedOption = 0,
    name: Annotated[str | None, typer.Option(metavar="NAME", help="What the names of the sides begin with.")] = None,
) -> None:
    """Part a dataset into `train` and other sides. Equal and nearly equal questions stay together on one side."""
    shares = _numbers(share, "--share held-out=0.1") if share else None
    make(terminal, dataset, "split", {"shares": shares, "near": near, "seed": seed}, name)


@declare.command(app, "mix")
def mix(
    terminal: Terminal,
    dataset: Annotated[
        list[str], typer.Argument(metavar="DATASET[=WEIGHT]", help="Two or more, each with a weight (default: 1).")
    ],
    size: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Examples in all (default: the most without repeats).")
    ] = None,
    repeat: Annotated[bool, typer.Option("--repeat", help="Take rows again when a dataset is too small.")] = False,
    seed: SeedOption = 0,
    name: Annotated[str | None, typer.Option(metavar="NAME", help="What to call it (default: FIRST-mix).")] = None,
) -> None:
    """Mix datasets by weight, evenly interleaved."""
    parts = [item.rpartition("=") if "=" in item else (item, "=", "1") for item in dataset]
    weights = [_number(weight, "luthier datasets mix orders=3 chats=1") for _, _, weight in parts]
    parameters = {"weights": weights, "size": size, "repeat": repeat, "seed": seed}
    make(terminal, [reference for reference, _, _ in parts], "mix", parameters, name)


@declare.command(app, "balance")
def balance(
    terminal: Terminal,
    dataset: DatasetArgument,
    by: Annotated[
        str,
        typer.Option(metavar="WHAT", help="answer, category, system, or source (the dataset a row first came from)."),
    ] = "answer",
    to: Annotated[
        str, typer.Option(metavar="N", help="Examples of each category: smallest, largest, or a number.")
    ] = "smallest",
    seed: SeedOption = 0,
    name: NameOption = None,
) -> None:
    """Give every category the same number of examples, by leaving some out or taking some more than once."""
    wanted: Any = int(to) if to.isascii() and to.isdigit() else to
    make(terminal, dataset, "balance", {"by": by, "to": wanted, "seed": seed}, name)


@declare.command(app, "augment")
def augment(  # noqa: PLR0913 - a command's options are its parameters
    terminal: Terminal,
    dataset: DatasetArgument,
    file: Annotated[
        Path | None, typer.Option("--with", metavar="FILE.yaml", help="Words, lists and templates to use.")
    ] = None,
    word_list: Annotated[
        list[str] | None,
        typer.Option("--list", metavar="NAME", help="Built-in words, e.g. given-names or cities; may be repeated."),
    ] = None,
    template: Annotated[
        list[str] | None,
        typer.Option(metavar="TEXT", help="Another way to ask, with {question} in it; may be repeated."),
    ] = None,
    copies: Annotated[int, typer.Option(min=1, max=100, metavar="N", help="Copies of each example.")] = 1,
    seed: SeedOption = 0,
    name: NameOption = None,
) -> None:
    """Add copies of the examples with other names and words in them, or asked in another way."""
    parts = terminal.workspace.derivations.read_words(file) if file else {}
    parts["lists"] = [*parts.get("lists", []), *(word_list or ())]
    parts["templates"] = [*parts.get("templates", []), *(template or ())]
    make(terminal, dataset, "augment", {**parts, "copies": copies, "seed": seed}, name)


@declare.command(app, "paraphrase")
def paraphrase(
    terminal: Terminal,
    dataset: DatasetArgument,
    model: Annotated[str, typer.Option(metavar="MODEL", help="A version, a run, or a base model.")],
    copies: Annotated[int, typer.Option(min=1, max=20, metavar="N", help="Copies of each example.")] = 1,
    temperature: Annotated[float, typer.Option(min=0.01, max=2, metavar="T", help="More is more varied.")] = 0.8,
    seed: SeedOption = 0,
    name: NameOption = None,
) -> None:
    """Add copies of the examples whose question a model has put in other words.

    A copy that changes a number or a quoted name, or says the same, is left out. Ctrl-C ends it and keeps nothing.
    """
    parameters = {"model": model, "copies": copies, "temperature": temperature, "seed": seed}
    make(terminal, dataset, "paraphrase", parameters, name)


def _numbers(pairs: list[str], example: str) -> dict[str, float]:
    found = {}
    for pair in pairs:
        key, _, value = pair.partition("=")
        found[key.strip()] = _number(value, example)
    return found


def _number(text: str, example: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise NotUnderstood(
            message=f"{text or 'nothing'} is no number; write e.g. {example}.", command="luthier"
        ) from None
