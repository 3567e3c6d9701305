"""Parquet and Arrow files, batch by batch: plain values only, since an extension type may be a pickled object."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from math import isfinite
from typing import TYPE_CHECKING, Any, BinaryIO
from uuid import UUID

from luthier.data.facts import Limits
from luthier.data.readers.content import Content
from luthier.data.readers.rows import Row, RowSource, SourceFault, error_at
from luthier.domain.datasets import DatasetUnreadable
from luthier.kit.units import show_bytes

if TYPE_CHECKING:
    import pyarrow

_BATCH_ROWS = 256
_MOST_COLUMNS = 20_000
_DEEPEST = 30  # levels of a column's type
_COPY_BYTES = 1 << 20
_PLAIN_EXTENSIONS = frozenset({"arrow.json", "arrow.uuid", "arrow.bool8"})
_EXTENSION_NAME = b"ARROW:extension:name"


def parquet_source(content: Content, limits: Limits) -> RowSource:
    return RowSource(content.name, "Parquet", "UTF-8", content.stored_bytes, lambda: _rows(content, limits, "Parquet"))


def arrow_source(content: Content, limits: Limits) -> RowSource:
    return RowSource(content.name, "Arrow", "UTF-8", content.stored_bytes, lambda: _rows(content, limits, "Arrow"))


def _rows(content: Content, limits: Limits, kind: str) -> Iterator[Row]:
    import pyarrow  # late: it takes a fifth of a second, and most sources are text

    number = 0
    with _seekable(content) as stream:
        try:
            for batch in _batches(stream, limits, kind):
                for value in batch.to_pylist():
                    number += 1
                    yield Row(number, None, {name: plain(item) for name, item in value.items()})
        # Arrow's own errors, and what it raises for numbers and lengths that lie; none of them may end a program.
        except (pyarrow.ArrowException, OSError, ValueError, TypeError, KeyError, OverflowError, MemoryError) as error:
            if number == 0:
                raise DatasetUnreadable(source=content.name, kind=kind, reason=_words(error)) from error
            finding = error_at(
                "file_unreadable", f"Nothing after this row can be read ({_words(error)}).", row=number + 1
            )
            raise SourceFault(finding) from error


def plain(value: Any) -> Any:
    """A value as JSON would have it. NaN is how tables write nothing; bytes stay bytes, for the checks to refuse."""
    match value:
        case float() if not isfinite(value):
            return None
        case dict():
            return {str(key): plain(item) for key, item in value.items()}
        case list():
            return [plain(item) for item in value]
        case tuple():  # an entry of a map
            return [plain(item) for item in value]
        case datetime() | date() | time():
            return value.isoformat()
        case timedelta() | Decimal() | UUID():
            return str(value)
        case _:
            return value


def _batches(stream: BinaryIO, limits: Limits, kind: str) -> "Iterator[pyarrow.RecordBatch]":
    return _parquet_batches(stream, limits) if kind == "Parquet" else _arrow_batches(stream, limits)


def _parquet_batches(stream: BinaryIO, limits: Limits) -> "Iterator[pyarrow.RecordBatch]":
    from pyarrow import parquet

    file = parquet.ParquetFile(stream)
    _check_schema(file.schema_arrow)
    metadata = file.metadata
    for at in range(metadata.num_row_groups):
        _check_size(metadata.row_group(at).total_byte_size, limits)
    # Texts stay numbers into a dictionary, where the file has one: one that stands a million times is held once.
    texts = [field.name for field in file.schema_arrow if str(field.type) in ("string", "large_string")]
    file = parquet.ParquetFile(stream, metadata=metadata, read_dictionary=texts)
    yield from file.iter_batches(batch_size=_BATCH_ROWS, use_threads=False)


def _arrow_batches(stream: BinaryIO, limits: Limits) -> "Iterator[pyarrow.RecordBatch]":
    from pyarrow import ipc

    magic = stream.read(6)
    stream.seek(0)
    if magic == b"ARROW1":
        reader = ipc.open_file(stream)
        _check_schema(reader.schema)
        batches: Iterator[pyarrow.RecordBatch] = (reader.get_batch(at) for at in range(reader.num_record_batches))
    else:
        reader = ipc.open_stream(stream)
        _check_schema(reader.schema)
        batches = iter(reader)
    for batch in batches:
        batch.validate(full=True)  # offsets that lie would be followed out of the file, and out of memory
        _check_size(batch.nbytes, limits)
        for start in range(0, batch.num_rows, _BATCH_ROWS):
            yield batch.slice(start, _BATCH_ROWS)


def _check_schema(schema: "pyarrow.Schema") -> None:
    if len(schema) > _MOST_COLUMNS:
        raise ValueError(f"it has {len(schema)} columns")
    names = [field.name for field in schema]
    if len(set(names)) < len(names):
        raise ValueError("two of its columns have the same name")
    for field in schema:
        _check_type(field, field.name, 0)


def _check_type(field: "pyarrow.Field", column: str, depth: int) -> None:
    extension = (field.metadata or {}).get(_EXTENSION_NAME, b"").decode(errors="replace")
    extension = extension or getattr(field.type, "extension_name", "")
    if extension and extension not in _PLAIN_EXTENSIONS:
        raise ValueError(f"its column {column!r} has the extension type {extension!r}, and only plain types are read")
    if depth > _DEEPEST:
        raise ValueError(f"its column {column!r} is nested more than {_DEEPEST} levels deep")
    for at in range(field.type.num_fields):
        _check_type(field.type.field(at), column, depth + 1)


def _check_size(size: int, limits: Limits) -> None:
    if size > limits.row_group_bytes:
        shown = show_bytes(limits.row_group_bytes)
        raise SourceFault(error_at("row_group_too_large", f"A part of the file takes more than {shown} in memory."))


@contextmanager
def _seekable(content: Content) -> Iterator[BinaryIO]:
    """These files begin at their end; one that is packed is unpacked into a nameless file first, within the limits."""
    if content.path is not None:
        with content.open() as stream:
            yield stream
        return
    with tempfile.TemporaryFile() as copy:
        with content.open() as stream:
            while piece := stream.read(_COPY_BYTES):
                copy.write(piece)
        copy.seek(0)
        yield copy


def _words(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0][:300].rstrip(".") if lines else type(error).__name__
