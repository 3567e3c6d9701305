"""How much of a source's files has been read: each stretch counts once, however often and in whatever order."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, cast

_STRETCH = 1 << 16  # bytes; what is read in part counts whole
_BUFFER = 1 << 17


class Meter:
    """Of one reading of a source. Heads that are looked at again, and files that begin at their end, do no harm."""

    def __init__(self) -> None:
        self._files: dict[Path, _Coverage] = {}
        self._passed_over: dict[Path, int] = {}

    @property
    def done(self) -> int:
        """Bytes, as they lie on the disk."""
        return sum(self._passed_over.values()) + sum(coverage.bytes for coverage in self._files.values())

    def opener(self, path: Path, size: int) -> Callable[[], BinaryIO]:
        coverage = self._files.setdefault(path, _Coverage(size))
        return lambda: cast(BinaryIO, io.BufferedReader(_Watched(path, coverage), _BUFFER))

    def pass_over(self, path: Path, size: int) -> None:
        """Of a file that belongs to the source and is not read."""
        self._passed_over[path] = size


class _Coverage:
    def __init__(self, size: int) -> None:
        self._size = size
        self._seen = bytearray(-(-size // _STRETCH))
        self._stretches = 0

    @property
    def bytes(self) -> int:
        return min(self._size, self._stretches * _STRETCH)

    def add(self, start: int, size: int) -> None:
        first, end = start // _STRETCH, min(-(-(start + size) // _STRETCH), len(self._seen))
        if new := self._seen.count(0, first, end):
            self._seen[first:end] = b"\x01" * (end - first)
            self._stretches += new


class _Watched(io.FileIO):
    def __init__(self, path: Path, coverage: _Coverage) -> None:
        super().__init__(path, "rb")
        self._coverage = coverage

    def readinto(self, buffer: object, /) -> int:
        start = self.tell()
        size = super().readinto(cast(bytearray, buffer))
        self._coverage.add(start, size)
        return size
