"""Unpacks .gz and .zst while reading, and stops a bomb while it unfolds: by what comes out, not by what headers say."""

import gzip
import io
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import PurePosixPath
from typing import BinaryIO, Protocol, cast

from luthier.data.facts import Limits, source_facts
from luthier.data.readers.content import Content
from luthier.data.readers.rows import SourceFault, error_at
from luthier.kit.units import show_bytes

# What the decompressors of the standard library and of Arrow raise for damaged input.
_DAMAGE = (OSError, EOFError, ValueError, RuntimeError, NotImplementedError, zlib.error, zipfile.BadZipFile)
_PIECE_BYTES = 1 << 17


class Packed(Protocol):
    def read1(self, size: int, /) -> bytes: ...

    def close(self) -> None: ...


class Budget:
    """What one reading of a packed file may give; all members of an archive share one."""

    def __init__(self, limits: Limits, stored_bytes: int) -> None:
        self._limits = limits
        self._stored = max(stored_bytes, 1)
        self._unpacked = 0
        self.is_spent = False

    def spend(self, size: int) -> None:
        self._unpacked += size
        limits = self._limits
        if self._unpacked > limits.unpacked_bytes:
            sentence = f"It unpacks to more than {show_bytes(limits.unpacked_bytes)}; nothing more was read."
            self.is_spent = True
            raise SourceFault(error_at("archive_too_large", sentence))
        if self._unpacked > limits.ratio_free_bytes and self._unpacked > limits.ratio * self._stored:
            sentence = f"It unpacks to more than {limits.ratio} times its size; nothing more was read."
            self.is_spent = True
            raise SourceFault(error_at("archive_bomb", sentence))


def uncompressed(content: Content, kind: str, limits: Limits) -> Content:
    """The content of a .gz or .zst file; `kind` is "gzip" or "zstd"."""

    def opened() -> BinaryIO:
        packed = content.open()
        unpacker = cast(Packed, gzip.GzipFile(fileobj=packed)) if kind == "gzip" else _zstd(packed)
        return metered(unpacker, Budget(limits, content.stored_bytes), packed.close)

    name = PurePosixPath(content.name.lower())
    ending = PurePosixPath(name.stem).suffix if name.suffix in source_facts().packed_endings else name.suffix
    return replace(content, ending=ending, open=opened, path=None)


def metered(unpacker: Packed, budget: Budget, on_close: Callable[[], None]) -> BinaryIO:
    return cast(BinaryIO, _Metered(unpacker, budget, on_close))


class _Metered(io.RawIOBase):
    """Reads as much as is asked for. What was unpacked before a fault is given first, and the fault then."""

    def __init__(self, unpacker: Packed, budget: Budget, on_close: Callable[[], None]) -> None:
        super().__init__()
        self._unpacker = unpacker
        self._budget = budget
        self._on_close = on_close
        self._fault: SourceFault | None = None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object, /) -> int:
        filled = 0
        with memoryview(cast(bytearray, buffer)) as view:
            while filled < len(view) and (piece := self._piece(len(view) - filled)):
                view[filled : filled + len(piece)] = piece
                filled += len(piece)
        if self._fault is not None and not filled:
            raise self._fault
        return filled

    def _piece(self, room: int) -> bytes:
        """Nothing at the end, and after a fault."""
        if self._fault is not None:
            return b""
        try:
            piece = self._unpacker.read1(min(room, _PIECE_BYTES))
            self._budget.spend(len(piece))
        except SourceFault as fault:
            self._fault = fault
            return b""
        except _DAMAGE as error:
            self._fault = SourceFault(
                error_at("archive_damaged", f"It cannot be unpacked beyond this place ({str(error).rstrip('.')}).")
            )
            self._fault.__cause__ = error
            return b""
        return piece

    def close(self) -> None:
        if not self.closed:
            self._unpacker.close()
            self._on_close()
        super().close()


def _zstd(packed: BinaryIO) -> Packed:
    import pyarrow  # late: it takes a fifth of a second, and most sources are not packed

    try:
        return cast(Packed, pyarrow.CompressedInputStream(pyarrow.PythonFile(packed, mode="r"), "zstd"))
    except (OSError, ValueError) as error:
        raise SourceFault(error_at("archive_damaged", f"It cannot be unpacked ({error}).")) from error
