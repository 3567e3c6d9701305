"""Where output goes: consoles with the product's colours, and one JSON document for scripts."""

import csv
import sys
from collections.abc import Iterable, Sequence
from io import TextIOWrapper
from typing import Any

import orjson
from rich.console import Console
from rich.theme import Theme

from luthier.kit.frozen import Frozen

THEME = Theme(
    {
        "head": "bold",
        "soft": "dim",
        "good": "green",
        "warn": "yellow",
        "bad": "red",
        "command": "cyan",
        "bar.complete": "green",
        "bar.finished": "green",
        "bar.back": "bright_black",
    }
)


def console(file: Any, *, quiet: bool = False) -> Console:
    """Neither markup nor emoji codes are interpreted: what is printed often comes out of people's files."""
    if isinstance(file, TextIOWrapper):
        file.reconfigure(errors="replace")  # a terminal without Unicode shows `?` instead of failing
    return Console(file=file, quiet=quiet, theme=THEME, markup=False, emoji=False, highlight=False)


def print_json(document: Any) -> None:
    sys.stdout.buffer.write(orjson.dumps(_plain(document), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
    sys.stdout.buffer.flush()


def print_csv(head: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(head)
    writer.writerows(rows)
    sys.stdout.flush()


def _plain(document: Any) -> Any:
    if isinstance(document, Frozen):
        return document.model_dump(mode="json")
    if isinstance(document, dict):
        return {key: _plain(value) for key, value in document.items()}
    if isinstance(document, list | tuple):
        return [_plain(value) for value in document]
    return document
