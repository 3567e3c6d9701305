"""Comma, semicolon or tab separated tables with a header: each record becomes a row of texts."""

import csv
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from luthier.data.readers.encodings import SourceEncoding, decoded_chunks
from luthier.data.readers.rows import LARGEST_ROW_BYTES, Row, SourceFault, error_at
from luthier.domain.findings import Finding, Level, Place

DELIMITERS = (",", ";", "\t", "|")

# The csv module keeps this limit for the whole process and starts with 131072; answers are longer than that.
csv.field_size_limit(LARGEST_ROW_BYTES)


def delimiter_of(header: str) -> str:
    """The delimiter that parts the header into the most columns; a comma when none does."""
    return max(DELIMITERS, key=lambda each: (len(_cells(header, each)), -DELIMITERS.index(each)))


def table_rows(path: Path, encoding: SourceEncoding, delimiter: str) -> Iterator[Row]:
    reader = csv.reader(_lines(decoded_chunks(path, encoding)), delimiter=delimiter, strict=True)
    header = [name.strip() for name in _next_record(reader, 0) or []]
    number = 0
    for problem in _header_problems(header):
        yield Row(0, 1, None, (problem,))
    while True:
        line = reader.line_num + 1
        try:
            record = _next_record(reader, number + 1)
        except _RecordFault as fault:
            number += 1
            yield Row(number, line, None, (fault.finding,))
            continue
        if record is None:
            return
        if not record:
            continue
        number += 1
        yield _row(header, record, number, line)


def _row(header: list[str], record: list[str], number: int, line: int) -> Row:
    if len(record) == len(header):
        return Row(number, line, {name: cell for name, cell in zip(header, record, strict=True) if name})
    finding = error_at(
        "ragged_row",
        f"The row has {len(record)} cells and the header has {len(header)}.",
        row=number,
        line=line,
        expected=f"{len(header)} cells",
        suggestion="Put cells that hold the delimiter or a line break into double quotes.",
    )
    return Row(number, line, None, (finding,))


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
            suggestion="Look for a double quote that is not closed; write the file with a CSV library.",
        )
        raise _RecordFault(finding) if number else SourceFault(finding) from error


def _header_problems(header: list[str]) -> Iterator[Finding]:
    for name, count in Counter(name for name in header if name).items():
        if count > 1:
            yield error_at(
                "header_duplicate",
                f"The header names the column {name!r} {count} times.",
                line=1,
                suggestion="Give each column a name of its own.",
            )
    nameless = [at for at, name in enumerate(header, start=1) if not name]
    if nameless:
        yield Finding(
            code="dataset.header_empty",
            level=Level.NOTE,
            sentence=f"Column {nameless[0]} has no name in the header and is not used.",
            place=Place(line=1),
        )


def _cells(header: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([header], delimiter=delimiter), [])
    except csv.Error:
        return []


def _lines(chunks: Iterable[str]) -> Iterator[str]:
    """Lines with their ends, as the csv module wants them; a quoted cell may go on over many."""
    rest = ""
    for chunk in chunks:
        *lines, rest = (rest + chunk).split("\n")
        for line in lines:
            yield line + "\n"
    if rest:
        yield rest
