"""What a reader yields: rows with their place, and findings instead of exceptions for what cannot be read."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from luthier.data.facts import Limits, advice, limits
from luthier.data.readers.meter import Meter
from luthier.domain.findings import Finding, Level, Place

if TYPE_CHECKING:
    from luthier.data.readers.blocks import Piece

SourceKind = Literal["JSONL", "JSON", "CSV", "text", "Parquet", "Arrow", "query", "files", "scenario"]
# A row is held in memory whole, and its JSON takes up to 25 times its size there; a larger one is passed over.
LARGEST_ROW_BYTES = 16 << 20


@dataclass(frozen=True, slots=True)
class Row:
    number: int  # 1-based, in its file; 0: this speaks of the file as a whole
    line: int | None  # 1-based, where it begins
    value: dict[str, Any] | None  # None: it could not be read, and `findings` say why
    findings: tuple[Finding, ...] = ()
    file: str | None = None  # which of the source's files, when it has several
    before: int = 0  # rows in the files before this one
    ends: bool = False  # nothing after it could be read

    @property
    def overall(self) -> int:
        """Its number in the whole source."""
        return self.before + self.number


@dataclass(frozen=True)
class RowSource:
    name: str
    kind: SourceKind
    encoding: str
    source_bytes: int
    rows: Callable[[], Iterator[Row]]  # each call reads from the beginning
    pieces: "Callable[[int], Iterator[Piece]] | None" = None  # from a byte on, whole lines at a time, where possible


@dataclass(frozen=True)
class Reading:
    """How a person wants a source to be read."""

    encoding: str | None = None  # None: found out
    query: str | None = None  # for databases
    fixes: frozenset[str] = frozenset()
    limits: Limits = field(default_factory=limits)
    meter: Meter = field(default_factory=Meter, compare=False)  # is told what is read of files


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
        suggestion=suggestion or advice(code).suggestion,
        fix=advice(code).fix,
    )


def moved(finding: Finding, **place: Any) -> Finding:
    """The same finding with more said about its place."""
    return finding.model_copy(update={"place": finding.place.model_copy(update=place)})
