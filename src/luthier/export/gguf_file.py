"""A GGUF file, version 3, written from front to back: the tensors come piece by piece and are never held whole."""

import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

ALIGNMENT = 32  # bytes; what a file without general.alignment has
_MAGIC, _VERSION = b"GGUF", 3
_FORMATS = {"u32": (4, "<I"), "i32": (5, "<i"), "f32": (6, "<f"), "bool": (7, "<?")}
_STRING, _ARRAY = 8, 9


@dataclass(frozen=True, slots=True)
class Value:
    """One piece of metadata; `kind` is u32, i32, f32, bool or string, of each item when `value` is a sequence."""

    kind: str
    value: Any


@dataclass(frozen=True, slots=True)
class Entry:
    """One tensor to come."""

    name: str
    shape: tuple[int, ...]  # rows first, as in numpy
    type_id: int
    size: int  # bytes


def write_gguf(
    file: BinaryIO, metadata: dict[str, Value], entries: Sequence[Entry], pieces: Iterable[NDArray[np.uint8]]
) -> None:
    """`pieces` are the tensors' bytes in the order of `entries`, cut as the caller likes."""
    file.write(_head(metadata, entries))
    _write_tensors(file, entries, iter(pieces))


def gguf_size(metadata: dict[str, Value], entries: Sequence[Entry]) -> int:
    """Bytes of the file that `write_gguf` writes."""
    return len(_head(metadata, entries)) + sum(entry.size + _padding(entry.size) for entry in entries)


def _head(metadata: dict[str, Value], entries: Sequence[Entry]) -> bytes:
    """Everything before the tensors."""
    parts = [_MAGIC + struct.pack("<IQQ", _VERSION, len(entries), len(metadata))]
    parts += [_text(key) + _value(value) for key, value in metadata.items()]
    place = 0
    for entry in entries:
        dimensions = struct.pack(f"<I{len(entry.shape)}Q", len(entry.shape), *reversed(entry.shape))
        parts.append(_text(entry.name) + dimensions + struct.pack("<IQ", entry.type_id, place))
        place += entry.size + _padding(entry.size)
    head = b"".join(parts)
    return head + bytes(_padding(len(head)))


def _write_tensors(file: BinaryIO, entries: Sequence[Entry], pieces: Iterator[NDArray[np.uint8]]) -> None:
    for entry in entries:
        left = entry.size
        while left > 0:
            piece = next(pieces)
            file.write(np.ascontiguousarray(piece).reshape(-1).data)
            left -= piece.nbytes
        if left:
            raise ValueError(f"{entry.name} has {-left} bytes more than announced")
        file.write(bytes(_padding(entry.size)))


def _value(value: Value) -> bytes:
    if not isinstance(value.value, list | tuple):
        return struct.pack("<I", _number(value.kind)) + _content(value.kind, [value.value])
    head = struct.pack("<IIQ", _ARRAY, _number(value.kind), len(value.value))
    return head + _content(value.kind, value.value)


def _number(kind: str) -> int:
    return _STRING if kind == "string" else _FORMATS[kind][0]


def _content(kind: str, items: Sequence[Any]) -> bytes:
    if kind == "string":
        return b"".join(_text(item) for item in items)
    letter = _FORMATS[kind][1][1]
    return struct.pack(f"<{len(items)}{letter}", *items)


def _text(text: str) -> bytes:
    content = text.encode()
    return struct.pack("<Q", len(content)) + content


def _padding(size: int) -> int:
    return -size % ALIGNMENT
