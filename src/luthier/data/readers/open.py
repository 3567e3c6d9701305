"""Decides by a file's content which reader it needs; its name only settles what the content leaves open."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from itertools import islice
from pathlib import Path

from luthier.data.facts import Signature, source_facts
from luthier.data.readers.archive import archive_members
from luthier.data.readers.blocks import can_be_blocks, pieces_of
from luthier.data.readers.columnar import arrow_source, parquet_source
from luthier.data.readers.content import Content, on_disk
from luthier.data.readers.database import sqlite_source
from luthier.data.readers.encodings import SourceEncoding, encoding_of
from luthier.data.readers.folder import members_of, names_in
from luthier.data.readers.json_document import json_rows
from luthier.data.readers.json_values import JsonFault, parse_whole
from luthier.data.readers.jsonl import jsonl_rows
from luthier.data.readers.lines import decoded_lines
from luthier.data.readers.rows import Reading, Row, RowSource, SourceFault, SourceKind, moved
from luthier.data.readers.several import is_scenario_file, rows_of_several
from luthier.data.readers.table import delimiter_of, table_rows
from luthier.data.readers.text import text_rows
from luthier.data.readers.unpack import uncompressed
from luthier.domain.dataset_sources import QueryNotUsed
from luthier.domain.datasets import DatasetEmpty, DatasetUnreadable
from luthier.domain.findings import Finding

_HEAD_BYTES = 1 << 16
_HEAD_LINES = 8
_MOST_CONTROLS = 0.05  # of the first bytes of a text; random bytes have a tenth
_CONTROLS = bytes([*range(9), *range(14, 27), *range(28, 32)])
_READ_AS_LINES = (".jsonl", ".ndjson", ".json")
_TABLE_ENDINGS = (".csv", ".tsv", ".tab")


def open_rows(path: Path, reading: Reading | None = None) -> RowSource:
    """Raises DatasetFileMissing, DatasetEmpty, DatasetUnreadable for what holds no rows, and QueryMissing."""
    reading = reading or Reading()
    if path.is_dir():
        return _folder(path, reading)
    signature = _signature(on_disk(path).head(_HEAD_BYTES))
    if signature is not None and signature.reader == "sqlite":
        return sqlite_source(path, reading.query)
    if reading.query is not None:
        raise QueryNotUsed(source=path)
    return open_content(on_disk(path, meter=reading.meter), reading)


def open_content(content: Content, reading: Reading | None = None) -> RowSource:
    """As `open_rows`, for bytes that need not be a file."""
    try:
        return _open(content, reading or Reading())
    except SourceFault as fault:
        reason = fault.finding.sentence.rstrip(".")
        raise DatasetUnreadable(source=content.name, kind="examples", reason=reason) from fault


def _folder(path: Path, reading: Reading) -> RowSource:
    if reading.query is not None:
        raise QueryNotUsed(source=path)
    size = sum((path / name).lstat().st_size for name in names_in(path, reading.limits))
    opened = partial(_open, reading=reading)
    return RowSource(
        str(path), "files", "each its own", size, lambda: rows_of_several(members_of(path, reading), opened)
    )


def _open(content: Content, reading: Reading, packed: bool = False) -> RowSource:
    """Raises SourceFault for what is damaged from its first bytes on."""
    head = content.head(_HEAD_BYTES)
    signature = _signature(head)
    if signature is None:
        return _open_text(content, head, reading)
    match signature.reader:
        case "gzip" | "zstd" if not packed:
            return _open(uncompressed(content, signature.reader, reading.limits), reading, packed=True)
        case "zip" if content.path is not None:
            return _archive(content, reading)
        case "parquet":
            return _ending_well(parquet_source(content, reading.limits))
        case "arrow":
            return _ending_well(arrow_source(content, reading.limits))
        case "gzip" | "zstd" | "zip":
            raise DatasetUnreadable(source=content.name, kind="examples", reason="it is packed more than once")
        case _:
            raise DatasetUnreadable(source=content.name, kind="examples", reason=f"it is {signature.kind}")


def _archive(content: Content, reading: Reading) -> RowSource:
    opened = partial(_open, reading=reading)
    return RowSource(
        content.name,
        "files",
        "each its own",
        content.stored_bytes,
        lambda: rows_of_several(archive_members(content, reading.limits), opened),
    )


def _signature(head: bytes) -> Signature | None:
    """Signatures that are letters may also begin a text; then the rest tells."""
    for signature in source_facts().signatures:
        start = bytes.fromhex(signature.starts_with)
        if head.startswith(start) and (signature.reader or not _is_printable(start) or 0 in head):
            return signature
    return None


def _is_printable(start: bytes) -> bool:
    return start.isascii() and start.decode().isprintable()


def _open_text(content: Content, head: bytes, reading: Reading) -> RowSource:
    encoding = encoding_of(content, reading.encoding)
    _refuse_other_text(content, head, encoding)
    if is_scenario_file(content.name, head):
        return _scenario(content, encoding)
    lines = _first_lines(content, encoding)
    if not lines:
        raise DatasetEmpty(source=content.name)
    kind = _kind(content.ending, lines)
    readers = {
        "JSONL": partial(jsonl_rows, content, encoding, reading.fixes),
        "JSON": partial(json_rows, content, encoding, reading.fixes),
        "CSV": partial(table_rows, content, encoding, delimiter_of(lines[0]), reading.fixes),
        "text": partial(text_rows, content, encoding, reading.fixes),
    }
    rows = partial(_until_fault, readers[kind], encoding.assumption())
    pieces = partial(pieces_of, content, encoding) if kind == "JSONL" and can_be_blocks(content, encoding) else None
    return RowSource(content.name, kind, encoding.shown, content.stored_bytes, rows, pieces)


def _scenario(content: Content, encoding: SourceEncoding) -> RowSource:
    from luthier.data.scenarios.source import scenario_rows  # late: few sources are scenarios

    rows = partial(_until_fault, partial(scenario_rows, content))
    return RowSource(content.name, "scenario", encoding.shown, content.stored_bytes, rows)


def _refuse_other_text(content: Content, head: bytes, encoding: SourceEncoding) -> None:
    controls = len(head) - len(head.translate(None, _CONTROLS))
    if not encoding.is_wide and controls > _MOST_CONTROLS * len(head):
        raise DatasetUnreadable(source=content.name, kind="examples", reason="it is a binary file")
    text = head[encoding.mark_bytes :][:200].decode(encoding.codec, "ignore").lstrip().lower()
    for opening in source_facts().openings:
        if text.startswith(opening.starts_with) and content.ending not in source_facts().prose_endings:
            raise DatasetUnreadable(source=content.name, kind="examples", reason=f"it is {opening.kind}")


def _first_lines(content: Content, encoding: SourceEncoding) -> list[str]:
    """The first lines that are neither blank nor badly encoded; those the readers will report."""
    found: list[str] = []
    try:
        full = (line.text for line in decoded_lines(content, encoding) if line.fault or line.text.strip())
        found.extend(islice(full, _HEAD_LINES))
    except SourceFault:
        return found or [""]
    return found


def _kind(ending: str, lines: list[str]) -> SourceKind:
    opening = next((line.strip()[:1] for line in lines if line.strip()), "")
    prose = source_facts().prose_endings
    if _looks_like_lines(lines):
        return "JSONL"
    if opening in ("{", "["):
        return "JSON" if ending not in prose else "text"
    if ending in prose:
        return "text"
    if ending in _TABLE_ENDINGS:
        return "CSV"
    if ending in _READ_AS_LINES:
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


def _ending_well(source: RowSource) -> RowSource:
    return replace(source, rows=partial(_until_fault, source.rows))


def _until_fault(rows: Callable[[], Iterator[Row]], assumption: Finding | None = None) -> Iterator[Row]:
    """A fault that ends the reading becomes the last row; what was assumed to read at all stands first."""
    if assumption is not None:
        yield Row(0, None, None, (assumption,))
    number = 0
    try:
        for row in rows():
            number = max(number, row.number)
            yield row
    except SourceFault as fault:
        finding = moved(fault.finding, row=fault.finding.place.row or number + 1)
        yield Row(number + 1, finding.place.line, None, (finding,), ends=True)
