"""`luthier datasets lineage|diff|search|samples`: where a dataset comes from, what changed, what is in it."""

from typing import Annotated

import typer

from luthier.cli import declare
from luthier.cli.deriving import DatasetArgument
from luthier.cli.errors import NotUnderstood
from luthier.cli.render.datasets import show_examples
from luthier.cli.render.derivations import samples_table, show_diff, show_lineage
from luthier.cli.render.text import count_of, soft
from luthier.cli.terminal import Terminal
from luthier.domain.datasets import FoundRows, Role
from luthier.kit.units import show_count

app = declare.shortcut()


@declare.command(app, "lineage")
def lineage(terminal: Terminal, dataset: DatasetArgument) -> None:
    """Everything a dataset was made from, back to the files."""
    found = terminal.workspace.derivations.lineage(dataset)
    terminal.result(found, lambda: [show_lineage(found)])


@declare.command(app, "diff")
def diff(
    terminal: Terminal,
    before: Annotated[str, typer.Argument(metavar="BEFORE", help="A dataset, e.g. orders@1.")],
    after: Annotated[str, typer.Argument(metavar="AFTER", help="Another one, e.g. orders@2.")],
    limit: Annotated[int, typer.Option(min=0, max=1000, metavar="N", help="How many rows of each kind to show.")] = 3,
) -> None:
    """What became of the rows of one dataset in another."""
    found = terminal.workspace.derivations.diff(before, after, limit)
    terminal.result(found, lambda: show_diff(found))


@declare.command(app, "search")
def search(
    terminal: Terminal,
    dataset: DatasetArgument,
    text: Annotated[str, typer.Argument(metavar="TEXT", help="What to look for, whatever the case.")],
    role: Annotated[str | None, typer.Option(metavar="ROLE", help="Only in what this role says.")] = None,
    after: Annotated[int, typer.Option(min=0, metavar="N", help="How many examples to pass over.")] = 0,
    limit: Annotated[int, typer.Option(min=1, max=1000, metavar="N", help="How many to show.")] = 5,
) -> None:
    """The examples that say something."""
    if role is not None and role not in set(Role):
        raise NotUnderstood(message=f"{role} is no role.", command="luthier datasets search")
    datasets = terminal.workspace.datasets
    found = datasets.get(dataset)
    page = FoundRows(rows=(), positions=(), next=after, scanned=0)
    while page.next is not None and len(page.rows) < limit:
        begin, left = page.next, limit - len(page.rows)
        more = datasets.search(found, text, Role(role) if role else None, after=begin, limit=left)
        page = FoundRows(
            rows=(*page.rows, *more.rows),
            positions=(*page.positions, *more.positions),
            next=more.next,
            scanned=page.scanned + more.scanned,
        )
    terminal.result(page, lambda: show_examples(page.rows))
    looked = f"{count_of(len(page.rows), 'example')} found in {show_count(page.scanned)} rows"
    terminal.say(soft(f"{looked}; go on with --after {page.next}" if page.next is not None else looked))


@declare.command(app, "samples")
def samples(terminal: Terminal) -> None:
    """Datasets that come with Luthier, one per shape; import one as sample:NAME."""
    found = terminal.workspace.datasets.samples()
    terminal.result(found, lambda: samples_table(found))
