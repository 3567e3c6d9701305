"""Decides by a file's content which reader it needs; its name only settles what the content leaves open."""

from collections.abc import Iterator
from functools import partial
from itertools import islice
from pathlib import Path

from luthier.data.facts import source_facts
from luthier.data.readers.encodings import SourceEncoding, decoded_lines, detect_encoding
from luthier.data.readers.json_document import json_rows
from luthier.data.readers.json_values import JsonFault, parse_whole
from luthier.data.readers.jsonl import jsonl_rows
from luthier.data.readers.rows import Row, RowSource, SourceFault, SourceKind
from luthier.data.readers.table import delimiter_of, table_rows
from luthier.data.readers.text import text_rows
from luthier.domain.datasets import DatasetEmpty, DatasetFileMissing, DatasetUnreadable

_HEAD_BYTES = 1 << 16
_HEAD_LINES = 8
_TEXT_ENDINGS = (".txt", ".md", ".markdown", ".text")
_TABLE_ENDINGS = (".csv", ".tsv", ".tab")


def open_rows(path: Path) -> RowSource:
    """Raises DatasetFileMissing, DatasetEmpty, or DatasetUnreadable for what holds no text."""
    head = _head(path)
    encoding = detect_encoding(head)
    _refuse_binary(path, head, encoding)
    lines = _first_lines(path, encoding)
    if not lines:
        raise DatasetEmpty(source=path)
    kind = _kind(path, lines)
    readers = {
        "JSONL": partial(jsonl_rows, path, encoding),
        "JSON": partial(json_rows, path, encoding),
        "CSV": partial(table_rows, path, encoding, delimiter_of(lines[0])),
        "text": partial(text_rows, path, encoding),
    }
    return RowSource(path, kind, encoding.shown, path.stat().st_size, partial(_until_fault, readers[kind]))


def _head(path: Path) -> bytes:
    if not path.exists():
        raise DatasetFileMissing(path=path)
    if not path.is_file():
        raise DatasetUnreadable(source=path, kind="examples", reason="it is not a file")
    try:
        with open(path, "rb") as file:
            return file.read(_HEAD_BYTES)
    except OSError as error:
        raise DatasetUnreadable(source=path, kind="examples", reason=error.strerror or str(error)) from error


def _refuse_binary(path: Path, head: bytes, encoding: SourceEncoding) -> None:
    for signature in source_facts().signatures:
        if head.startswith(bytes.fromhex(signature.starts_with)):
            raise DatasetUnreadable(source=path, kind="examples", reason=f"it is {signature.kind}")
    if encoding.codec == "utf-8" and head.count(0) > len(head) // 10:
        reason = "it is a binary file, or UTF-16 text without a byte order mark"
        raise DatasetUnreadable(source=path, kind="examples", reason=reason)


def _first_lines(path: Path, encoding: SourceEncoding) -> list[str]:
    """The first lines that are neither blank nor badly encoded; those readers will report."""
    try:
        texts = (line.text for line in decoded_lines(path, encoding) if line.fault is not None or line.text.strip())
        return list(islice(texts, _HEAD_LINES))
    except SourceFault:
        return [""]


def _kind(path: Path, lines: list[str]) -> SourceKind:
    opening = next((line.strip()[:1] for line in lines if line.strip()), "")
    ending = path.suffix.lower()
    if _looks_like_lines(lines):
        return "JSONL"
    if opening in ("{", "["):
        return "JSON" if ending not in _TEXT_ENDINGS else "text"
    if ending in _TEXT_ENDINGS:
        return "text"
    if ending in _TABLE_ENDINGS:
        return "CSV"
    if ending in (".jsonl", ".ndjson", ".json"):
        return "JSONL"
    return "CSV" if _looks_like_table(lines) else "text"


def _looks_like_lines(lines: list[str]) -> bool:
    """Several lines that each open an object, even if some are broken, and not one document on many lines."""
    first = lines[0].strip()
    is_open = first.endswith(("[", "{", ",")) and not _is_object(first)
    if len(lines) == 1 or first.startswith("[") or (first.startswith("{") and is_open):
        return False
    return any(_is_object(line) for line in lines) or sum(line.startswith("{") for line in lines) > 1


def _is_object(line: str) -> bool:
    if not line.lstrip().startswith("{"):
        return False
    try:
        return isinstance(parse_whole(line.strip().removesuffix(",")).value, dict)
    except JsonFault:
        return False


def _looks_like_table(lines: list[str]) -> bool:
    delimiter = delimiter_of(lines[0])
    counts = {line.count(delimiter) for line in lines}
    return len(lines) > 1 and len(counts) == 1 and counts != {0}


def _until_fault(rows: "partial[Iterator[Row]]") -> Iterator[Row]:
    """A fault that ends the reading becomes the last row."""
    number = 0
    try:
        for row in rows():
            number = row.number
            yield row
    except SourceFault as fault:
        place = fault.finding.place
        finding = fault.finding.model_copy(update={"place": place.model_copy(update={"row": place.row or number + 1})})
        yield Row(number + 1, place.line, None, (finding,))
