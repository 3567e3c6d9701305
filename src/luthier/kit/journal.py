"""An append-only log of facts in JSON lines: numbered, checksummed, readable while it is being written."""

import errno
import os
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from luthier.kit.clock import Clock, rfc3339
from luthier.kit.files import sync_folder

_CHUNK = 1 << 16
_SOON_SECONDS = 1.0


class Record(NamedTuple):
    seq: int
    time: str
    kind: str
    body: dict[str, Any]


class Tail(NamedTuple):
    records: list[Record]
    offset: int  # bytes read so far; pass it back to read on


class DamagedJournal(ValueError):
    """A line that is complete but does not carry its own checksum."""


class JournalWriter:
    """The only writer of one file. `durable` facts are on the disk when `append` returns, with all before them.

    Those that are to be there `soon` share one wait for the disk a second: many small facts would else take longer to
    keep than to happen. A killed process loses none of either; only the end of the machine can take the last second.

    What a writer that was killed left of its last line is cut off when the next one opens the file.
    """

    def __init__(self, path: Path, clock: Clock, first_seq: int = 1) -> None:
        is_new = not path.exists()
        self._file = open(path, "ab", buffering=0)  # noqa: SIM115 - closed by close()
        if is_new:
            sync_folder(path.parent)
        elif (whole := whole_bytes(path)) < path.stat().st_size:
            self._file.truncate(whole)
        self._clock = clock
        self._next_seq = first_seq
        self._synced_at = float("-inf")

    def append(self, kind: str, body: dict[str, Any], *, durable: bool = False, soon: bool = False) -> int:
        seq = self._next_seq
        line = _line(Record(seq, rfc3339(self._clock.now()), kind, body))
        self._write_whole(line)
        if durable or (soon and self._clock.monotonic() - self._synced_at >= _SOON_SECONDS):
            os.fsync(self._file.fileno())
            self._synced_at = self._clock.monotonic()
        self._next_seq = seq + 1
        return seq

    def close(self) -> None:
        self._file.close()

    def _write_whole(self, line: bytes) -> None:
        """A full disk takes a part of a line without an error; what follows must not be glued to that part."""
        end = os.fstat(self._file.fileno()).st_size
        try:
            written = self._file.write(line)
            if written != len(line):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), self._file.name)
        except OSError:
            self._file.truncate(end)
            raise


def read_journal(path: Path, offset: int = 0) -> Tail:
    """The records after byte `offset`. A last line without its line end is still being written and is left alone.

    Raises DamagedJournal when a complete line does not match its checksum.
    """
    try:
        with open(path, "rb") as file:
            file.seek(offset)
            content = file.read()
    except FileNotFoundError:
        return Tail([], offset)
    complete = content[: content.rfind(b"\n") + 1]
    return Tail(list(_records(complete, path)), offset + len(complete))


def read_intact(path: Path, offset: int = 0, end: int | None = None) -> list[Record]:
    """As `read_journal`, up to byte `end`; lines that power loss or a failing disk has damaged are passed over."""
    try:
        with open(path, "rb") as file:
            file.seek(offset)
            content = file.read(-1 if end is None else max(0, end - offset))
    except FileNotFoundError:
        return []
    lines = content[: content.rfind(b"\n") + 1].split(b"\n")
    return [record for line in lines if line and (record := _record(line)) is not None]


def cut_last(path: Path, is_wrong: Callable[[Record], bool]) -> None:
    """Takes lines away from the end for as long as they are damaged, or `is_wrong` says so of them."""
    try:
        file = open(path, "rb+")  # noqa: SIM115 - closed below
    except FileNotFoundError:
        return
    with file:
        lines = file.read().splitlines(keepends=True)
        kept = len(lines)
        while kept and ((record := _record(lines[kept - 1].rstrip(b"\n"))) is None or is_wrong(record)):
            kept -= 1
        if kept < len(lines):
            file.truncate(sum(map(len, lines[:kept])))
            os.fsync(file.fileno())


def whole_bytes(path: Path) -> int:
    """How many bytes its complete lines take; what follows is still being written, or never will be."""
    with open(path, "rb") as file:
        place = file.seek(0, os.SEEK_END)
        while place > 0:
            start = max(0, place - _CHUNK)
            file.seek(start)
            if (found := file.read(place - start).rfind(b"\n")) >= 0:
                return start + found + 1
            place = start
    return 0


def _records(content: bytes, path: Path) -> Iterator[Record]:
    for line in content.split(b"\n"):
        if not line:
            continue
        record = _record(line)
        if record is None:
            raise DamagedJournal(f"{path} holds a line that does not match its checksum")
        yield record


def _record(line: bytes) -> Record | None:
    """None when it does not carry its own checksum."""
    try:
        document = orjson.loads(line)
        record = Record(document["seq"], document["time"], document["kind"], document["body"])
        intact = document["checksum"] == _checksum(record)
    except (ValueError, KeyError, TypeError):
        return None
    return record if intact else None


def _line(record: Record) -> bytes:
    return orjson.dumps({**record._asdict(), "checksum": _checksum(record)}) + b"\n"


def _checksum(record: Record) -> str:
    return f"{zlib.crc32(orjson.dumps(list(record))):08x}"
