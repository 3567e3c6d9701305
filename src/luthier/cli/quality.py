"""`luthier datasets score` and `luthier datasets report`: what is doubtful in a dataset, and what it looks like."""

from typing import Annotated

import typer

from luthier.cli import declare
from luthier.cli.render.quality import show_page, show_pictures, show_score, show_tokens
from luthier.cli.terminal import Terminal

app = declare.shortcut()

_DatasetArgument = Annotated[
    str, typer.Argument(metavar="DATASET", help="Name, name@version, id, or the beginning of an id.")
]


@declare.command(app, "score")
def score(
    terminal: Terminal,
    dataset: _DatasetArgument,
    against: Annotated[
        str | None, typer.Option(metavar="FILE", help="Look for leaked questions in this file or dataset.")
    ] = None,
    reason: Annotated[
        str | None, typer.Option(metavar="REASON", help="Show the examples with this reason, e.g. duplicate.near.")
    ] = None,
    below: Annotated[float | None, typer.Option(min=0, max=1.01, help="Show the examples with a lower score.")] = None,
    offset: Annotated[int, typer.Option(min=0, metavar="N", help="How many of them to pass over.")] = 0,
    limit: Annotated[int, typer.Option(min=1, max=1000, metavar="N", help="How many of them to show.")] = 5,
) -> None:
    """Score every example from 0 to 1, with the reasons for doubt."""
    quality = terminal.workspace.quality
    found = terminal.patiently(
        "Scoring", lambda progress: quality.score(dataset, against=against, on_progress=progress)
    )
    if reason is None and below is None:
        terminal.result(found, lambda: show_score(found))
        return
    page = quality.examples(dataset, reason=reason, below=below, against=found.against, offset=offset, limit=limit)
    terminal.result(page, lambda: show_page(page))


@declare.command(app, "report")
def report(
    terminal: Terminal,
    dataset: _DatasetArgument,
    base: Annotated[
        str | None, typer.Option(metavar="MODEL", help="Count tokens under this model: starter, a folder, or a hub id.")
    ] = None,
    max_length: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Tokens that are allowed (default: the model's context).")
    ] = None,
) -> None:
    """Lengths, turns, roles, languages and scores of a dataset, in pictures."""
    found = terminal.patiently(
        "Reading",
        lambda progress: terminal.workspace.quality.score(
            dataset, base=base, max_length=max_length, on_progress=progress
        ),
    )
    terminal.result(found, lambda: (*show_pictures(found), *show_tokens(found.tokens)))
