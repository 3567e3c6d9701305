"""Comma, semicolon or tab separated tables with a header: each record becomes a row of texts."""

import csv
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import chain, islice

from luthier.data.facts import source_facts
from luthier.data.fixes import CUT_EMPTY_CELLS, mended
from luthier.data.readers.content import Content
from luthier.data.readers.encodings import SourceEncoding
from luthier.data.readers.lines import decoded_chunks
from luthier.data.readers.rows import LARGEST_ROW_BYTES, Row, SourceFault, error_at, moved
from luthier.domain.findings import Finding, Level, Place

DELIMITERS = (",", ";", "\t", "|")
_NAMED_DELIMITER = re.compile(r"sep=(.)\r?\n?", re.IGNORECASE)  # how spreadsheets name it, in a line before the header

# The csv module keeps this limit for the whole process and starts with 131072; answers are longer than that.
csv.field_size_limit(LARGEST_ROW_BYTES)


def delimiter_of(header: str) -> str:
    """The delimiter that parts the header into the most columns; a comma when none does."""
    if named := _NAMED_DELIMITER.fullmatch(header):
        return named.group(1)
    return max(DELIMITERS, key=lambda each: (len(_cells(header, each)), -DELIMITERS.index(each)))


def table_rows(content: Content, encoding: SourceEncoding, delimiter: str, fixes: frozenset[str]) -> Iterator[Row]:
    lines = _Lines(decoded_chunks(content, encoding))
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    header = [name.strip() for name in _next_record(reader, 0) or []]
    number = 0
    for problem in _header_problems(header, lines.first):
        yield Row(0, lines.first, None, (problem,))
    while True:
        lines.record_characters = 0
        line = reader.line_num + lines.first
        try:
            record = _next_record(reader, number + 1)
        except _RecordFault as fault:
            number += 1
            yield Row(number, line, None, (_spanning(fault.finding, line, reader.line_num + lines.first - 1),))
            continue
        except SourceFault as fault:
            raise SourceFault(moved(fault.finding, row=number + 1, line=line)) from fault
        if record is None:
            return
        if not record:
            continue
        number += 1
        yield _row(header, record, Place(row=number, line=line), fixes)


def _spanning(finding: Finding, first: int, last: int) -> Finding:
    """A quote that is not closed takes the lines below it with it."""
    if last > first:
        more = f"{finding.sentence} All from line {first} to line {last} was read as this one row."
        finding = finding.model_copy(update={"sentence": more})
    return moved(finding, line=first)


def _cells_in(record: list[str]) -> str:
    return "1 cell" if len(record) == 1 else f"{len(record)} cells"


def _row(header: list[str], record: list[str], place: Place, fixes: frozenset[str]) -> Row:
    number, line = place.row or 0, place.line
    notes: list[Finding] = []
    is_padded = len(record) > len(header) and not any(cell.strip() for cell in record[len(header) :])
    if is_padded and CUT_EMPTY_CELLS in fixes:
        record = record[: len(header)]
        notes.append(mended(CUT_EMPTY_CELLS, place))
    if len(record) != len(header):
        finding = error_at(
            "ragged_row",
            f"The row has {_cells_in(record)} and the header has {len(header)}.",
            row=number,
            line=line,
            expected=_cells_in(header),
        )
        return Row(number, line, None, (finding.model_copy(update={"fix": CUT_EMPTY_CELLS if is_padded else ""}),))
    cells = {name: cell for name, cell in zip(header, record, strict=True) if name}
    notes += _formulas(cells, place)
    return Row(number, line, cells, tuple(notes))


def _formulas(cells: dict[str, str], place: Place) -> Iterator[Finding]:
    pattern = source_facts().formula_pattern
    for column, cell in cells.items():
        if cell[:1] in "=+-@\t\r" and pattern.match(cell):
            yield Finding(
                code="dataset.formula_cell",
                level=Level.NOTE,
                sentence=f"The cell in {column!r} begins like a formula; a spreadsheet may run it.",
                place=place.model_copy(update={"column": column}),
                suggestion="It is harmless here. Do not open the file, or answers learned from it, in a spreadsheet.",
            )


class _RecordFault(Exception):
    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.sentence)
        self.finding = finding


def _next_record(reader: "Iterator[list[str]]", number: int) -> list[str] | None:
    line = getattr(reader, "line_num", 0) + 1
    try:
        return next(reader, None)
    except csv.Error as error:
        finding = error_at(
            "csv_syntax",
            f"The row is not well formed ({error}).",
            row=number or None,
            line=line,
            expected="double quotes around a whole cell, and doubled inside it",
        )
        raise _RecordFault(finding) if number else SourceFault(finding) from error


def _header_problems(header: list[str], line: int) -> Iterator[Finding]:
    for name, count in islice(Counter(name for name in header if name).items(), 1000):
        if count > 1:
            yield error_at("header_duplicate", f"The header names the column {name!r} {count} times.", line=line)
    nameless = [at for at, name in enumerate(header, start=1) if not name]
    if nameless:
        yield Finding(
            code="dataset.header_empty",
            level=Level.NOTE,
            sentence=f"Column {nameless[0]} has no name in the header and is not used.",
            place=Place(line=line),
        )


def _cells(header: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([header], delimiter=delimiter), [])
    except csv.Error:
        return []


class _Lines:
    """Lines with their ends, as the csv module wants them; a quoted cell may go on over many, but not for ever."""

    def __init__(self, chunks: Iterable[str]) -> None:
        self._lines = _split(chunks)
        self.record_characters = 0
        opening = next(self._lines, "")
        named = _NAMED_DELIMITER.fullmatch(opening) is not None
        self.first = 2 if named else 1  # the header's line
        if opening and not named:
            self._lines = chain([opening], self._lines)

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = next(self._lines)
        self.record_characters += len(line)
        if self.record_characters > 2 * LARGEST_ROW_BYTES:
            raise SourceFault(error_at("row_too_large", "The record is too large to be read."))
        return line


def _split(chunks: Iterable[str]) -> Iterator[str]:
    rest, separator = "", ""
    for chunk in chunks:
        separator = separator or ("\r" if "\r" in chunk and "\n" not in chunk else "\n")
        *lines, rest = (rest + chunk).split(separator)
        for line in lines:
            yield line + "\n"
        if len(rest) > LARGEST_ROW_BYTES:
            raise SourceFault(error_at("row_too_large", "The line is too long to be read."))
    if rest:
        yield rest
