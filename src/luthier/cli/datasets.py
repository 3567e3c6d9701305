"""`luthier datasets`: check, import, list, show, preview."""

from pathlib import Path
from typing import Annotated

import typer

from luthier.cli import declare
from luthier.cli.asking import MapOption, columns_from
from luthier.cli.errors import GOOD, NEEDS_ATTENTION
from luthier.cli.render.datasets import datasets_table, show_dataset, show_examples, show_report
from luthier.cli.render.text import plain
from luthier.cli.terminal import Terminal
from luthier.kit.units import show_count

app = declare.noun()

PathArgument = Annotated[Path, typer.Argument(metavar="PATH", help="A file with examples.")]
ShapeOption = Annotated[str | None, typer.Option(metavar="SHAPE", help="Shape of the data, when it is not detected.")]
DatasetArgument = Annotated[str, typer.Argument(metavar="DATASET", help="Name, id, or the beginning of an id.")]


@declare.command(app, "check")
def check(terminal: Terminal, path: PathArgument, shape: ShapeOption = None, column: MapOption = None) -> int:
    """Report on a file without importing it. Exits with 3 when rows have errors."""
    report = terminal.workspace.datasets.check(str(path), shape=shape, columns=columns_from(column or ()))
    document = {**report.model_dump(mode="json"), "errors": report.errors}
    terminal.result(document, lambda: show_report(report, previews=5))
    return NEEDS_ATTENTION if report.errors else GOOD


@declare.command(app, "import")
def import_(
    terminal: Terminal,
    path: PathArgument,
    name: Annotated[str | None, typer.Option(metavar="NAME", help="What to call it (default: after the file).")] = None,
    shape: ShapeOption = None,
    column: MapOption = None,
    skip_bad_rows: Annotated[bool, typer.Option("--skip-bad-rows", help="Leave out rows that have errors.")] = False,
) -> None:
    """Keep the examples of a file as an immutable dataset."""
    dataset = terminal.workspace.datasets.import_file(
        str(path), name=name, shape=shape, columns=columns_from(column or ()), skip_bad_rows=skip_bad_rows
    )
    words = f"{dataset.name} ({dataset.dataset_id}): {show_count(dataset.examples)} examples imported."
    terminal.result(dataset, lambda: [plain(words)])
    terminal.say("Train on it:", plain(f"  luthier train --data {dataset.name}", "command"))


@declare.command(app, "list")
def list_(terminal: Terminal) -> None:
    """The datasets of this workspace, newest first."""
    datasets = terminal.workspace.datasets.list()
    terminal.result(datasets, lambda: datasets_table(datasets))


@declare.command(app, "show")
def show(terminal: Terminal, dataset: DatasetArgument) -> None:
    """A dataset with the report of its import."""
    found = terminal.workspace.datasets.get(dataset)
    terminal.result(found, lambda: show_dataset(found))


@declare.command(app, "preview")
def preview(
    terminal: Terminal,
    dataset: DatasetArgument,
    offset: Annotated[int, typer.Option(min=0, metavar="N", help="How many examples to pass over.")] = 0,
    limit: Annotated[int, typer.Option(min=1, max=1000, metavar="N", help="How many to show.")] = 5,
) -> None:
    """Examples as Luthier reads them."""
    workspace = terminal.workspace
    rows = workspace.datasets.preview(workspace.datasets.get(dataset), offset, limit)
    terminal.result(rows, lambda: show_examples(rows))
