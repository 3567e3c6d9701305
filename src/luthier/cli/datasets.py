"""`luthier datasets`: check, import, list, show, preview, tokens."""

from typing import Annotated

import typer

from luthier.cli import clean_up, declare, derive, lineage, quality
from luthier.cli.asking import MapOption, columns_from
from luthier.cli.errors import GOOD, NEEDS_ATTENTION
from luthier.cli.render.datasets import datasets_table, show_dataset, show_examples, show_report
from luthier.cli.render.preflight import show_rows
from luthier.cli.render.text import plain
from luthier.cli.terminal import Terminal
from luthier.domain.dataset_sources import SourceOptions
from luthier.domain.imports import ImportRequest
from luthier.kit.units import show_count

app = declare.noun()
for _part in (derive, clean_up, lineage, quality):
    app.add_typer(_part.app)

_PATH_HELP = "A file, folder, archive, hub:OWNER/NAME, https address, or database with examples."
PathArgument = Annotated[str, typer.Argument(metavar="PATH", help=_PATH_HELP)]
ShapeOption = Annotated[str | None, typer.Option(metavar="SHAPE", help="Shape of the data, when it is not detected.")]
EncodingOption = Annotated[
    str | None, typer.Option(metavar="NAME", help="Encoding of the text, when it is not found out, e.g. cp1252.")
]
QueryOption = Annotated[str | None, typer.Option(metavar="SQL", help="Which rows of a database are examples.")]
FixOption = Annotated[
    list[str] | None,
    typer.Option("--fix", metavar="FIX", help="Mend what a finding names, or `safe` for all of it; may be repeated."),
]
DatasetArgument = Annotated[
    str, typer.Argument(metavar="DATASET", help="Name, name@version, id, or the beginning of an id.")
]


@declare.command(app, "check")
def check(
    terminal: Terminal,
    path: PathArgument,
    shape: ShapeOption = None,
    column: MapOption = None,
    encoding: EncodingOption = None,
    query: QueryOption = None,
    fix: FixOption = None,
) -> int:
    """Report on a file without importing it. Exits with 3 when rows have errors."""
    options = SourceOptions(encoding=encoding, query=query, fixes=tuple(fix or ()))
    columns = columns_from(column or ())
    report = terminal.patiently(
        "Reading",
        lambda say: terminal.workspace.datasets.check(
            path, shape=shape, columns=columns, options=options, on_progress=say
        ),
    )
    document = {**report.model_dump(mode="json"), "errors": report.errors}
    terminal.result(document, lambda: show_report(report, previews=5))
    return NEEDS_ATTENTION if report.errors else GOOD


@declare.command(app, "import")
def import_(  # noqa: PLR0913 - a command's options are its parameters
    terminal: Terminal,
    path: PathArgument,
    name: Annotated[str | None, typer.Option(metavar="NAME", help="What to call it (default: after the file).")] = None,
    shape: ShapeOption = None,
    column: MapOption = None,
    skip_bad_rows: Annotated[bool, typer.Option("--skip-bad-rows", help="Leave out rows that have errors.")] = False,
    encoding: EncodingOption = None,
    query: QueryOption = None,
    fix: FixOption = None,
) -> None:
    """Keep the examples of a file as an immutable dataset. Interrupted, the same command goes on where it was."""
    wanted = ImportRequest(
        path=path,
        name=name,
        shape=shape,
        columns=columns_from(column or ()),
        skip_bad_rows=skip_bad_rows,
        options=SourceOptions(encoding=encoding, query=query, fixes=tuple(fix or ())),
    )
    dataset = terminal.patiently("Importing", lambda report: terminal.workspace.imports.run(wanted, report))
    words = f"{dataset.label} ({dataset.dataset_id}): {show_count(dataset.examples)} examples imported."
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


@declare.command(app, "tokens")
def tokens(
    terminal: Terminal,
    dataset: DatasetArgument,
    base: Annotated[str, typer.Option(metavar="BASE", help="Whose tokenizer and chat template.")] = "starter",
    offset: Annotated[int, typer.Option(min=0, metavar="N", help="How many examples to pass over.")] = 0,
    limit: Annotated[int, typer.Option(min=1, max=100, metavar="N", help="How many to show.")] = 3,
) -> None:
    """Examples as a base model sees them: «what is trained», and every control token."""
    workspace = terminal.workspace
    found = workspace.datasets.get(dataset)
    positions = range(min(offset, found.examples), min(offset + limit, found.examples))
    rows = terminal.patiently("Reading", lambda _: workspace.tokens.rows(found, positions, base))
    terminal.result(rows, lambda: show_rows(rows))


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
