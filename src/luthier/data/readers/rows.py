"""What a reader yields: rows with their place, and findings instead of exceptions for what cannot be read."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from luthier.domain.findings import Finding, Level, Place

SourceKind = Literal["JSONL", "JSON", "CSV", "text"]
LARGEST_ROW_BYTES = 64 << 20  # a row is held in memory whole; one that is larger is reported and passed over


@dataclass(frozen=True, slots=True)
class Row:
    number: int  # 1-based
    line: int | None  # 1-based, where it begins
    value: dict[str, Any] | None  # None: it could not be read, and `findings` say why
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True)
class RowSource:
    path: Path
    kind: SourceKind
    encoding: str
    source_bytes: int
    rows: Callable[[], Iterator[Row]]  # each call reads from the beginning
    notes: tuple[Finding, ...] = ()  # about the file as a whole


class SourceFault(Exception):
    """Nothing after this place can be read; the reader turns it into a last row that holds the finding."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.sentence)
        self.finding = finding


def error_at(
    code: str,
    sentence: str,
    *,
    row: int | None = None,
    line: int | None = None,
    byte: int | None = None,
    expected: str = "",
    suggestion: str = "",
) -> Finding:
    return Finding(
        code=f"dataset.{code}",
        level=Level.ERROR,
        sentence=sentence,
        place=Place(row=row, line=line, byte=byte),
        expected=expected,
        suggestion=suggestion,
    )
