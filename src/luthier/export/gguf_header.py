"""What a GGUF file says of itself before its weights: metadata and tensors. A damaged one is refused, never guessed."""

import mmap
import struct
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

_MAGIC, _VERSIONS = b"GGUF", (2, 3)
_SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_STRING, _ARRAY = 8, 9
_MOST_DIMENSIONS = 4


@dataclass(frozen=True, slots=True)
class Items:
    """An array, of which only the length is read."""

    count: int


@dataclass(frozen=True, slots=True)
class Tensor:
    name: str
    elements: int
    type_id: int


@dataclass(frozen=True, slots=True)
class GgufHeader:
    metadata: dict[str, Any]
    tensors: tuple[Tensor, ...]


def read_gguf_header(path: Path) -> GgufHeader:
    """Raises ValueError with the reason in a few words, and OSError."""
    if path.stat().st_size < len(_MAGIC):
        raise ValueError("it is empty")
    with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        try:
            return _read(_Cursor(content))
        except struct.error as error:
            raise ValueError("it ends within its header") from error


class _Cursor:
    def __init__(self, content: mmap.mmap) -> None:
        self._content = content
        self._at = 0

    def bytes(self, count: int) -> bytes:
        found = self._content[self._at : self._at + count]
        if len(found) < count:
            raise struct.error
        self._at += count
        return found

    def number(self, letter: str) -> Any:
        (value,) = struct.unpack_from(f"<{letter}", self._content, self._at)
        self._at += struct.calcsize(f"<{letter}")
        return value

    def text(self) -> str:
        return self.bytes(self.number("Q")).decode("utf-8", errors="replace")

    def value(self) -> Any:
        kind = self.number("I")
        if kind == _STRING:
            return self.text()
        if kind == _ARRAY:
            return self._items()
        return self.number(_letter(kind))

    def _items(self) -> Items:
        kind, count = self.number("I"), self.number("Q")
        if kind == _STRING:
            for _ in range(count):
                self._skip(self.number("Q"))
        else:
            self._skip(count * struct.calcsize(f"<{_letter(kind)}"))
        return Items(count)

    def _skip(self, count: int) -> None:
        self._at += count
        if self._at > len(self._content):
            raise struct.error


def _read(cursor: _Cursor) -> GgufHeader:
    if cursor.bytes(len(_MAGIC)) != _MAGIC:
        raise ValueError("it does not begin as a GGUF file does")
    version = cursor.number("I")
    if version not in _VERSIONS:
        raise ValueError(f"its version {version} is not known")
    tensors, keys = cursor.number("Q"), cursor.number("Q")
    metadata = {}
    for _ in range(keys):
        key = cursor.text()
        metadata[key] = cursor.value()
    return GgufHeader(metadata, tuple(_tensor(cursor) for _ in range(tensors)))


def _tensor(cursor: _Cursor) -> Tensor:
    name, dimensions = cursor.text(), cursor.number("I")
    if dimensions > _MOST_DIMENSIONS:
        raise ValueError(f"its tensor {name} has {dimensions} dimensions")
    elements = prod(cursor.number("Q") for _ in range(dimensions))
    type_id = cursor.number("I")
    cursor.number("Q")  # where it begins
    return Tensor(name, elements, type_id)


def _letter(kind: int) -> str:
    if kind not in _SCALARS:
        raise ValueError(f"it holds a value of the unknown kind {kind}")
    return _SCALARS[kind]
