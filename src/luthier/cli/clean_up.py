"""`luthier datasets dedupe|filter|repair|redact`: the same dataset, cleaner."""

from typing import Annotated

import typer

from luthier.cli import declare
from luthier.cli.deriving import DatasetArgument, NameOption, NearOption, make
from luthier.cli.terminal import Terminal

app = declare.shortcut()


@declare.command(app, "dedupe")
def dedupe(
    terminal: Terminal,
    dataset: DatasetArgument,
    by: Annotated[str, typer.Option(metavar="WHAT", help="What must be the same: example, or question.")] = "example",
    near: NearOption = 1.0,
    name: NameOption = None,
) -> None:
    """Keep the first of examples that are the same, or nearly the same with --near 0.8."""
    make(terminal, dataset, "dedupe", {"by": by, "near": near}, name)


@declare.command(app, "filter")
def filter_(
    terminal: Terminal,
    dataset: DatasetArgument,
    min_score: Annotated[
        float | None, typer.Option(min=0, max=1, metavar="S", help="Keep examples of at least this quality.")
    ] = None,
    without: Annotated[
        list[str] | None,
        typer.Option(metavar="REASON", help="Leave out what has this fault of quality; may be repeated."),
    ] = None,
    containing: Annotated[str | None, typer.Option(metavar="TEXT", help="Keep what says this.")] = None,
    lacking: Annotated[str | None, typer.Option(metavar="TEXT", help="Keep what does not say this.")] = None,
    name: NameOption = None,
) -> None:
    """Keep the examples that meet every condition."""
    conditions = {"min_score": min_score, "without": without, "containing": containing, "lacking": lacking}
    make(terminal, dataset, "filter", conditions, name)


@declare.command(app, "repair")
def repair(
    terminal: Terminal,
    dataset: DatasetArgument,
    fix: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Which to make (default: every safe one); may be repeated."),
    ] = None,
    name: NameOption = None,
) -> None:
    """Mend the texts: invisible and control characters, line ends, blanks at the ends, Unicode forms."""
    make(terminal, dataset, "repair", {"fixes": fix}, name)


@declare.command(app, "redact")
def redact(
    terminal: Terminal,
    dataset: DatasetArgument,
    kind: Annotated[
        list[str] | None, typer.Option(metavar="KIND", help="Which to replace (default: all); may be repeated.")
    ] = None,
    name: NameOption = None,
) -> None:
    """Replace personal data and secrets by words such as [EMAIL_1], the same for the same value within an example."""
    make(terminal, dataset, "redact", {"kinds": kind}, name)
