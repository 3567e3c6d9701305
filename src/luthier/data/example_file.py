"""Reads any row of a canonical file in a time that does not depend on how many there are: by line starts."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from luthier.data.canonical import from_line, read_examples
from luthier.domain.datasets import DatasetUnreadable, Example
from luthier.kit.files import writing_atomically

_CHUNK = 1 << 22
_NEWLINE = 10


class ExampleFile:
    """A file written by `write_examples`, and its index. An index that is absent or damaged is written anew."""

    def __init__(self, path: Path, index: Path) -> None:
        self.path = path
        self._index = index
        self._starts: NDArray[np.uint64] | None = None

    def __len__(self) -> int:
        return len(self.starts) - 1

    def __iter__(self) -> Iterator[Example]:
        return read_examples(self.path)

    @property
    def starts(self) -> NDArray[np.uint64]:
        """Where each line begins, and at last where the file ends; mapped, not read into memory."""
        if self._starts is None:
            self._starts = _sound_index(self._index, self.path.stat().st_size)
        if self._starts is None:
            self._starts = write_index(self.path, self._index)
        return self._starts

    def page(self, offset: int, limit: int) -> Iterator[Example]:
        first = min(offset, len(self))
        for at, line in enumerate(self.lines(first, min(first + limit, len(self))), first + 1):
            yield from_line(line, self.path, at)

    def at(self, positions: Iterable[int]) -> Iterator[Example]:
        """The rows at these 0-based positions, in their order."""
        with open(self.path, "rb") as file:
            for position in positions:
                (line,) = self._checked(file, position, position + 1)
                yield from_line(line, self.path, position + 1)

    def lines(self, first: int, end: int) -> list[bytes]:
        with open(self.path, "rb") as file:
            return self._checked(file, first, end)

    def _checked(self, file: BinaryIO, first: int, end: int) -> list[bytes]:
        """Whole lines. That they are is checked, so that an index which is wrong inside is noticed and written anew."""
        lines = self._lines(file, first, end)
        if lines is None:
            self._starts = write_index(self.path, self._index)
            lines = self._lines(file, first, end)
        if lines is None:
            raise DatasetUnreadable(source=self.path, kind="canonical examples", reason="its last line is cut off")
        return lines

    def _lines(self, file: BinaryIO, first: int, end: int) -> list[bytes] | None:
        begin, stop = int(self.starts[first]), int(self.starts[end])
        if not begin <= stop:
            return None
        file.seek(max(0, begin - 1))
        begins_a_line = begin == 0 or file.read(1) == b"\n"
        lines = file.read(stop - begin).split(b"\n")
        return lines[:-1] if begins_a_line and len(lines) == end - first + 1 and not lines[-1] else None


def write_index(path: Path, index: Path) -> NDArray[np.uint64]:
    starts = line_starts(path)
    with writing_atomically(index) as file:
        np.lib.format.write_array(file, starts, allow_pickle=False)
    return starts


def line_starts(path: Path) -> NDArray[np.uint64]:
    """Eight bytes per line, whatever the lines hold."""
    found = [np.zeros(1, np.uint64)]
    before = 0
    with open(path, "rb") as file:
        while chunk := file.read(_CHUNK):
            ends = np.flatnonzero(np.frombuffer(chunk, np.uint8) == _NEWLINE)
            found.append((ends + (before + 1)).astype(np.uint64))
            before += len(chunk)
    starts = np.concatenate(found)
    return starts if int(starts[-1]) == before else np.append(starts, np.uint64(before))


def _sound_index(index: Path, file_bytes: int) -> NDArray[np.uint64] | None:
    try:
        starts = np.lib.format.open_memmap(index, mode="r")
    except (OSError, ValueError):
        return None
    if starts.dtype != np.uint64 or starts.ndim != 1 or not len(starts):
        return None
    return starts if int(starts[0]) == 0 and int(starts[-1]) == file_bytes else None
