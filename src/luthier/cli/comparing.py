"""`luthier runs compare`: two to five runs side by side, or all of a sweep."""

from collections.abc import Iterable
from typing import Annotated

import typer
from rich.console import RenderableType
from rich.text import Text

from luthier.cli.errors import NotUnderstood
from luthier.cli.render.tables import Cell, table
from luthier.cli.render.text import heading, soft
from luthier.cli.run_documents import run_document
from luthier.cli.terminal import Terminal
from luthier.domain.amounts import show_amount
from luthier.domain.comparisons import MOST, ORDERS, Metric, RunComparison

RunsArgument = Annotated[
    list[str] | None, typer.Argument(metavar="RUN RUN...", help="Two to five, by name or id.", show_default=False)
]


def compare(
    terminal: Terminal,
    runs: RunsArgument = None,
    sweep: Annotated[str, typer.Option(metavar="ID", help="All runs of this sweep instead, however many.")] = "",
    sort: Annotated[
        str | None, typer.Option(metavar="METRIC", help=f"The best first, by one of {', '.join(ORDERS)}.")
    ] = None,
) -> None:
    """What each run reached and took, which is proven better, and in what their recipes differ."""
    if sort is not None and sort not in ORDERS:
        message = f"{sort} is no metric; choose from {', '.join(ORDERS)}."
        raise NotUnderstood(message=message, command="luthier runs compare RUN RUN --sort right")
    comparisons = terminal.workspace.comparisons
    compared = comparisons.of_sweep(sweep, sort) if sweep else comparisons.of(runs or [], sort)
    document = {**compared.model_dump(mode="json"), "runs": [run_document(run) for run in compared.runs]}
    terminal.result(document, lambda: _shown(compared))


def _shown(compared: RunComparison) -> Iterable[RenderableType]:
    names = [run.name for run in compared.runs]
    rows = [("", *names), *((metric.label, *_cells(metric)) for metric in compared.metrics)]
    head, *body = rows if len(names) <= MOST else list(zip(*rows, strict=True))  # a terminal is only so wide
    yield table([str(name) for name in head], body, right=[str(name) for name in head[1:]])
    yield soft("* is the best.")
    for doubt in compared.doubts:
        yield Text(doubt, "warn")
    for verdict in compared.verdicts:
        yield Text(compared.sentence_of(verdict))
    if len(names) > MOST:
        yield soft("For where they differ, compare two to five of them.")
    elif compared.differences:
        yield heading("Where they differ")
        yield table(("", *names), [(row.name, *map(_value, row.values)) for row in compared.differences])
    else:
        yield Text("Their recipes and plans are the same.")


def _cells(metric: Metric) -> list[Cell]:
    texts = [show_amount(value, metric.unit, metric.currency) for value in metric.values]
    return [Text(f"{text} *", "good") if place in metric.best else text for place, text in enumerate(texts)]


def _value(value: object) -> str:
    return "–" if value is None else str(value)
