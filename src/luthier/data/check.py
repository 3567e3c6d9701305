"""Checks a source in one streaming pass: examples and findings as they come, and at the end a report."""

from collections.abc import Callable, Iterator
from itertools import chain, islice
from pathlib import Path
from typing import Any

from luthier.data.canonical import to_line
from luthier.data.convert import convert
from luthier.data.counted_blocks import counted
from luthier.data.facts import column_facts
from luthier.data.fixes import DROP_ROW
from luthier.data.plain_blocks import Counts, PlainBlocks
from luthier.data.readers.blocks import Block, BlockStart, LineTooLong, rows_of
from luthier.data.readers.content import writable
from luthier.data.readers.open import open_rows
from luthier.data.readers.rows import Reading, Row, RowSource, SourceFault
from luthier.data.sample import SAMPLE_ROWS, sample
from luthier.data.shapes import detect_mapping, parts_of
from luthier.data.tally import Tally, TallyState, clipped
from luthier.domain.datasets import DatasetEmpty, DatasetReport, Example, Mapping, Shape
from luthier.domain.findings import Finding, Level, Place
from luthier.domain.jobs import Progress
from luthier.kit.frozen import Frozen
from luthier.kit.pacing import now_and_then

_COLUMNS = 200  # that a report names
_FEW_LINES = 256  # of a block with a doubt; fewer are not worth parting
_SOME_LINES = 4096  # that are read by rows in one piece
_BLOCKS_BY_ROWS = 7  # after one in which most lines were, since its neighbours are likely like it
_COLUMN_CHARACTERS = 200  # a longer name is none that a person would choose from a list


def check_source(path: Path, shape: str | None = None, columns: dict[str, str] | None = None) -> DatasetReport:
    """The report of a file. Raises only when it cannot be read as rows at all, or fits no shape."""
    scan = Scan(path, shape, columns)
    scan.read_to_end()
    return scan.report()


def load_examples(
    path: Path, shape: str | None = None, columns: dict[str, str] | None = None
) -> Iterator[Example | Finding]:
    return iter(Scan(path, shape, columns))


class ScanState(Frozen):
    """Where a scan is, and what it has counted."""

    passed: int  # rows, when it goes by rows
    start: BlockStart  # what follows, when it goes by blocks
    is_read: bool
    is_closed: bool
    tally: TallyState


class Scan:
    """Iterate once, then ask for the report; both together cost one reading of the source."""

    def __init__(
        self,
        source: Path | RowSource,
        shape: str | None = None,
        columns: dict[str, str] | None = None,
        reading: Reading | None = None,
    ) -> None:
        """`reading` says how a path is opened; its fixes are applied to every source."""
        reading = reading or Reading()
        self._source = open_rows(source, reading) if isinstance(source, Path) else source
        self._fixes = reading.fixes
        self._meter = reading.meter
        self._rows = self._source.rows()
        self._head = list(sample(self._rows))
        readable = [row.value for row in self._head if row.value is not None]
        self._named = tuple(dict.fromkeys(name for value in readable for name in value))
        self._tally = Tally()
        self._passed = 0  # rows, those counted that speak of a file as a whole
        self._start = BlockStart()
        self._blocks_by_rows = 0  # how many more are read by rows without trying
        self._is_read = False
        self._is_closed = False
        self.mapping: Mapping | None = None
        if readable:
            self.mapping = detect_mapping(self._source.name, readable, shape, columns)
        elif not any(row.number or _has_errors(row.findings) for row in self._head):
            raise DatasetEmpty(source=self._source.name)

    @property
    def shape(self) -> Shape:
        """Text while no row can be read, since anything can be text."""
        return self.mapping.shape if self.mapping else Shape.TEXT

    @property
    def rows(self) -> int:
        """How many were read so far."""
        return self._tally.rows

    @property
    def progress(self) -> Progress:
        """A database and what comes over a network have no size that is known before."""
        rows, read = self._tally.rows, self._meter.done
        total = self._source.source_bytes if read else 0
        what = "reading rows"
        if not total:
            return Progress(what=what, done=rows, total=0, rows=rows)
        return Progress(what=what, done=min(read, total), total=total, unit="bytes", rows=rows)

    def state(self) -> ScanState:
        """Asked for after an item, or at the end: with it another scan of the same source goes on from here."""
        return ScanState(
            passed=self._passed,
            start=self._start,
            is_read=self._is_read,
            is_closed=self._is_closed,
            tally=self._tally.state(),
        )

    def go_on_from(self, state: ScanState) -> None:
        """Passes over what is done. Rows are parsed again for that, since a place depends on what stands before it."""
        self._passed, self._start = state.passed, state.start
        self._is_read, self._is_closed = state.is_read, state.is_closed
        self._tally = Tally.of(state.tally)

    def __iter__(self) -> Iterator[Example | Finding]:
        for row in () if self._is_read else islice(chain(self._head, self._rows), self._passed, None):
            self._passed += 1
            yield from self._items_of(row)
        self._is_read = True
        yield from self._closing_items()

    def canonical(self) -> Iterator[bytes]:
        """The examples as canonical lines, many at a time where rows are plain. The report is that of iterating.

        A finding is an empty piece, after which the state must not be asked for.
        """
        yield from self._by_blocks(writes=True)
        yield from (to_line(item) if isinstance(item, Example) else b"" for item in self)

    def read_to_end(self, on_progress: Callable[[Progress], None] | None = None) -> None:
        """For whoever wants the report alone. `on_progress` is called now and then, and may raise to end it."""
        items = chain(self._by_blocks(writes=False), self)
        for _ in items if on_progress is None else now_and_then(items, lambda: on_progress(self.progress)):
            pass

    def _by_blocks(self, *, writes: bool) -> Iterator[bytes]:
        """As far as the source can be read in blocks; what then remains is left to be read by rows.

        Unless it `writes`, the pieces are empty.
        """
        plain = PlainBlocks.of(self.mapping, self._named) if self._source.pieces else None
        if plain is None or self._source.pieces is None or self._is_read or (self._passed and not self._start.byte):
            return
        try:
            for block, counts in counted(self._source.pieces(self._start.byte), self._start.line, plain):
                yield from self._by_parts(block, counts, plain, writes=writes)
        except (LineTooLong, SourceFault):
            self._start = BlockStart()
            return
        self._is_read = True

    def _by_parts(self, block: Block, of_whole: Counts | None, plain: PlainBlocks, *, writes: bool) -> Iterator[bytes]:
        waiting, by_rows = [block], 0
        while waiting:
            part = waiting.pop()
            tries = self._tally.has_previews and not self._blocks_by_rows
            counts = plain.count(part.data, part.lines) if tries and part is not block else None
            if part is block and self._tally.has_previews:
                counts = of_whole
            if counts is None and part.lines > (_SOME_LINES if self._blocks_by_rows else _FEW_LINES):
                waiting += reversed(part.halves())
                continue
            if counts is not None:
                lines = plain.canonical(part.data, self._tally.rows) if writes else b""
                self._tally.add(part.lines, counts)
            else:
                items = (item for row in rows_of(part, self._tally.rows, self._fixes) for item in self._items_of(row))
                lines = b"".join([to_line(item) if writes else b"" for item in items if isinstance(item, Example)])
                by_rows += part.lines
            self._passed, self._start = self._tally.rows, part.end  # every line that is not blank is a row
            yield lines
        if self._blocks_by_rows:
            self._blocks_by_rows -= 1
        elif 2 * by_rows > block.lines:
            self._blocks_by_rows = _BLOCKS_BY_ROWS

    def _items_of(self, row: Row) -> Iterator[Example | Finding]:
        self._tally.rows += row.number > 0
        findings, example = self._converted(row)
        for finding in self._settled(row, findings):
            self._tally.note(finding)
            yield finding
        if example is not None:
            self._tally.count(example)
            yield example

    def _closing_items(self) -> Iterator[Finding]:
        if not self._is_closed:
            self._is_closed = True
            for finding in self._closing_notes():
                self._tally.note(finding)
                yield finding

    def report(self) -> DatasetReport:
        tally = self._tally
        return DatasetReport(
            source=self._source.name,
            source_bytes=self._source.source_bytes,
            encoding=self._source.encoding,
            mapping=self.mapping or Mapping(shape=Shape.TEXT, columns={}, confidence=0.0, reason="no row can be read"),
            rows=tally.rows,
            examples=tally.examples,
            turns_mean=tally.turns / tally.examples if tally.examples else 0.0,
            characters_p50=tally.median_characters(),
            characters_max=tally.characters_max,
            columns=self._columns(),
            findings=tuple(tally.findings),
            findings_left_out=tally.findings_left_out,
            previews=tuple(tally.previews),
        )

    def _columns(self) -> tuple[str, ...]:
        usable = (name for name in self._named if len(name) <= _COLUMN_CHARACTERS and name == writable(name))
        return tuple(islice(usable, _COLUMNS))

    def _converted(self, row: Row) -> tuple[tuple[Finding, ...], Example | None]:
        if self.mapping is None or row.value is None:
            return row.findings, None
        converted = convert(row, self.mapping, self._fixes)
        self._tally.labelled_bad += converted.example is not None and converted.example.desirable is False
        unused = self._unused_parts(row.value)
        if unused and self._tally.is_new(unused):
            return (*converted.findings, _unused_column(unused, row)), converted.example
        return converted.findings, converted.example

    def _settled(self, row: Row, findings: tuple[Finding, ...]) -> Iterator[Finding]:
        """What a person asked to be dropped is a note; what ends the reading never is."""
        if DROP_ROW in self._fixes and row.number and not row.ends and _has_errors(findings):
            first = next(finding for finding in findings if finding.level is Level.ERROR)
            yield clipped(_dropped(first))
            return
        yield from map(clipped, findings)

    def _unused_parts(self, row: dict[str, Any]) -> str:
        """A column that this shape knows and that appears only after the rows by which the mapping was made."""
        assert self.mapping is not None
        names = column_facts().parts_of_name
        for column in row:
            parts = names.get(column.lower(), ())
            if not parts or column in self.mapping.columns.values() or row[column] in (None, "", []):
                continue
            if any(part in parts_of(self.mapping.shape) and part not in self.mapping.columns for part in parts):
                return column
        return ""

    def _closing_notes(self) -> Iterator[Finding]:
        tally = self._tally
        if self.mapping is None:
            return
        if self.mapping.shape is Shape.PREFERENCE and tally.examples:
            yield _note(
                "preference_chosen",
                f"Each of the {tally.examples} examples is a pair: sft learns the chosen answer alone, dpo from both.",
            )
        if self.mapping.shape is Shape.LABELLED:
            yield _note(
                "labelled_good",
                f"Of {tally.examples} examples {tally.labelled_bad} are labelled bad: sft learns the good ones alone, "
                "kto from both.",
            )


def _has_errors(findings: tuple[Finding, ...]) -> bool:
    return any(finding.level is Level.ERROR for finding in findings)


def _note(code: str, sentence: str) -> Finding:
    return Finding(code=f"dataset.{code}", level=Level.NOTE, sentence=sentence)


def _dropped(first: Finding) -> Finding:
    return Finding(
        code="dataset.row_dropped",
        level=Level.NOTE,
        sentence=f"As you asked, the row was left out: {first.sentence}",
        place=first.place,
    )


def _unused_column(column: str, row: Row) -> Finding:
    return Finding(
        code="dataset.column_unused",
        level=Level.WARNING,
        sentence=f"The column {column!r} is not used, because the first {SAMPLE_ROWS} rows do not have it.",
        place=Place(file=row.file, row=row.number, line=row.line, column=column),
        suggestion=f"Move such a row to the beginning, or say which part it is with --map PART={column}.",
    )
