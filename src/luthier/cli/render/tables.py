"""Tables and lists of facts that stay readable in a narrow terminal: cells fold, nothing is cut off."""

from collections.abc import Iterable, Sequence

from rich import box
from rich.table import Table
from rich.text import Text

from luthier.cli.render.text import visible

Cell = str | Text


def table(columns: Sequence[str], rows: Iterable[Sequence[Cell]], *, right: Sequence[str] = ()) -> Table:
    """Columns named in `right` hold figures."""
    shown = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False, show_edge=False, header_style="soft")
    for name in columns:
        shown.add_column(name, justify="right" if name in right else "left", overflow="fold")
    for row in rows:
        shown.add_row(*(_safe(cell) for cell in row))
    return shown


def facts(pairs: Iterable[tuple[str, Cell]]) -> Table:
    """`name  value` lines."""
    shown = Table.grid(padding=(0, 2))
    shown.add_column(style="soft", no_wrap=True)
    shown.add_column(overflow="fold")
    for name, value in pairs:
        shown.add_row(name, _safe(value))
    return shown


def _safe(cell: Cell) -> Text:
    return cell if isinstance(cell, Text) else Text(visible(cell))
