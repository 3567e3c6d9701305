"""Datasets and their reports."""

from collections.abc import Iterable, Sequence
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from luthier.cli.render.findings import show_findings, tally
from luthier.cli.render.moments import local_time
from luthier.cli.render.tables import facts, table
from luthier.cli.render.text import count_of, heading, one_line, soft
from luthier.domain.datasets import Dataset, DatasetReport
from luthier.kit.units import show_bytes, show_count

_PREVIEW_LENGTH = 300
_CATEGORY_LENGTH = 60
_COLUMNS_SHOWN = 12
_JUDGED = {None: "", True: ", labelled good", False: ", labelled bad"}


def show_report(report: DatasetReport, *, previews: int = 2) -> Iterable[RenderableType]:
    mapping = report.mapping
    columns = ", ".join(f"{part} = {column}" for part, column in mapping.columns.items())
    unused = [("Not used", _names(report.unused_columns))] if report.unused_columns else []
    yield facts(
        [
            ("File", f"{report.source} ({show_bytes(report.source_bytes)}, {report.encoding})"),
            ("Shape", f"{mapping.shape.value} ({100 * mapping.confidence:.0f} % sure: {mapping.reason.rstrip('.')})"),
            ("Columns", columns or "none needed"),
            *unused,
            ("Examples", f"{show_count(report.examples)} of {count_of(report.rows, 'row')}"),
            ("Turns", f"{report.turns_mean:.1f} on average"),
            (
                "Length",
                f"{show_count(report.characters_p50)} characters (median), {show_count(report.characters_max)} at most",
            ),
            ("Checks", tally(report.findings)),
        ]
    )
    yield from show_findings(report.findings)
    if report.findings_left_out:
        yield soft(f"  … and {show_count(report.findings_left_out)} more")
    if report.previews and previews:
        yield heading("As Luthier reads it")
        yield from show_examples(report.previews[:previews])


def show_examples(examples: Iterable[dict[str, Any]]) -> Iterable[RenderableType]:
    """Canonical rows: who says what."""
    for example in examples:
        turns = [_turn(message) for message in example.get("messages", [])] or [("text", str(example.get("text", "")))]
        worse = [(f"rejected {role}", content) for role, content in map(_turn, example.get("rejected", []))]
        category = f", filed under {one_line(example['category'], _CATEGORY_LENGTH)}" if "category" in example else ""
        yield soft(f"row {example['row']}{_JUDGED[example.get('desirable')]}{category}")
        yield facts([(f"  {role}", one_line(content, _PREVIEW_LENGTH)) for role, content in (*turns, *worse)])


def show_dataset(dataset: Dataset) -> Iterable[RenderableType]:
    yield facts([("Dataset", dataset.label), ("Id", dataset.dataset_id), ("Imported", local_time(dataset.created_at))])
    yield from show_report(dataset.report)


def datasets_table(datasets: Sequence[Dataset]) -> Iterable[RenderableType]:
    if not datasets:
        yield Text("No datasets yet. Import one: luthier datasets import FILE")
        return
    rows = [
        (item.label, item.dataset_id, item.shape.value, show_count(item.examples), local_time(item.created_at))
        for item in datasets
    ]
    yield table(("Name", "Id", "Shape", "Examples", "Imported"), rows, right=("Examples",))


def _names(columns: Sequence[str]) -> str:
    more = len(columns) - _COLUMNS_SHOWN
    return ", ".join(columns[:_COLUMNS_SHOWN]) + (f" and {more} more" if more > 0 else "")


def _turn(message: dict[str, Any]) -> tuple[str, str]:
    calls = [f"{call['name']}({call['arguments']})" for call in message.get("tool_calls", [])]
    parts = [message.get("reasoning", ""), message["content"], *calls]
    return message["role"], " ".join(part for part in parts if part)
