"""JSON lines in blocks of many whole lines, for whoever can judge them at once; a block can still be read by rows."""

import io
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import BinaryIO, NamedTuple, cast

import numpy as np

from luthier.data.readers.content import Content
from luthier.data.readers.encodings import SourceEncoding
from luthier.data.readers.jsonl import jsonl_rows
from luthier.data.readers.rows import LARGEST_ROW_BYTES, Row, moved
from luthier.domain.findings import Finding
from luthier.kit.frozen import Frozen

_CHUNK = 2 << 20
_SLICE = 1 << 18  # that stays in the processor's cache while it is counted


class LineTooLong(Exception):
    """A line does not fit into a block; the source has to be read by rows."""


class Piece(NamedTuple):
    """Whole lines of a source, not yet counted."""

    byte: int  # of the source, where it begins
    data: bytearray


@dataclass(frozen=True)
class Block:
    """Whole lines of UTF-8."""

    data: bytes | bytearray
    lines: int
    first_line: int  # 1-based
    first_byte: int

    @property
    def end(self) -> "BlockStart":
        return BlockStart(line=self.first_line + self.lines, byte=self.first_byte + len(self.data))

    def halves(self) -> "tuple[Block, Block]":
        """Parted at the line end nearest to the middle; of one that has at least two lines."""
        cut = self.data.find(b"\n", len(self.data) // 2) + 1
        if cut in (0, len(self.data)):
            cut = self.data.rfind(b"\n", 0, len(self.data) - 1) + 1
        first = self.data[:cut]
        lines = first.count(b"\n")
        return (
            replace(self, data=first, lines=lines),
            Block(self.data[cut:], self.lines - lines, self.first_line + lines, self.first_byte + cut),
        )


def can_be_blocks(content: Content, encoding: SourceEncoding) -> bool:
    """Only where a line end is one certain byte."""
    return (
        encoding.codec == "utf-8" and encoding.sure is None and b"\r" not in content.head(1 << 16).replace(b"\r\n", b"")
    )


class BlockStart(Frozen):
    """Where a reading of blocks begins, or goes on: a line's number, from 1, and its first byte."""

    line: int = 1
    byte: int = 0


def pieces_of(content: Content, encoding: SourceEncoding, start: int) -> Iterator[Piece]:
    """From the byte `start` on, whole lines at a time; the last one may have no end.

    Raises LineTooLong, and what the content raises.
    """
    byte, rest = max(start, encoding.mark_bytes), b""
    with content.open() as stream:
        _pass_over(stream, byte)
        while True:
            data = bytearray(len(rest) + _CHUNK)  # read into, since putting lines together costs as much as reading
            data[: len(rest)] = rest
            with memoryview(data) as whole, whole[len(rest) :] as room:
                filled = len(rest) + cast(io.BufferedReader, stream).readinto(room)
            if filled == len(rest):
                break
            first_end = data.find(b"\n", len(rest), filled)
            if (filled if first_end < 0 else first_end) > LARGEST_ROW_BYTES:
                raise LineTooLong
            end = data.rfind(b"\n", len(rest), filled) + 1
            rest = bytes(data[end:filled])
            del data[end:]
            if data:
                yield Piece(byte, data)
                byte += len(data)
    if rest:
        yield Piece(byte, bytearray(rest))


def lines_in(data: bytes | bytearray) -> int:
    """The last one may have no end."""
    characters = np.frombuffer(data, dtype=np.uint8)
    slices = (characters[at : at + _SLICE] for at in range(0, len(characters), _SLICE))
    ends = sum(int(np.count_nonzero(each == ord("\n"))) for each in slices)
    return ends + (data[-1:] != b"\n")


def _pass_over(stream: BinaryIO, size: int) -> None:
    """Reads, since what is packed cannot be sought in."""
    while size > 0 and (piece := stream.read(min(size, _CHUNK))):
        size -= len(piece)


def rows_of(block: Block, rows_before: int, fixes: frozenset[str]) -> Iterator[Row]:
    """Each with its place in the whole file."""

    def opened() -> BinaryIO:
        return cast(BinaryIO, io.BytesIO(block.data))

    alone = Content("", "", len(block.data), opened)
    for row in jsonl_rows(alone, SourceEncoding("utf-8", "UTF-8"), fixes):
        findings = tuple(_shifted(finding, block, rows_before) for finding in row.findings)
        line = None if row.line is None else row.line + block.first_line - 1
        yield replace(row, number=row.number + rows_before, line=line, findings=findings)


def _shifted(finding: Finding, block: Block, rows_before: int) -> Finding:
    place = finding.place
    return moved(
        finding,
        row=None if place.row is None else place.row + rows_before,
        line=None if place.line is None else place.line + block.first_line - 1,
        byte=None if place.byte is None else place.byte + block.first_byte,
    )
