"""JSON lines in blocks of many whole lines, for whoever can judge them at once; a block can still be read by rows."""

import io
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import BinaryIO, cast

from luthier.data.readers.content import Content
from luthier.data.readers.encodings import SourceEncoding
from luthier.data.readers.jsonl import jsonl_rows
from luthier.data.readers.rows import LARGEST_ROW_BYTES, Row, moved
from luthier.domain.findings import Finding
from luthier.kit.frozen import Frozen

_CHUNK = 8 << 20


class LineTooLong(Exception):
    """A line does not fit into a block; the source has to be read by rows."""


@dataclass(frozen=True)
class Block:
    """Whole lines of UTF-8."""

    data: bytes
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


def blocks_of(content: Content, encoding: SourceEncoding, start: BlockStart) -> Iterator[Block]:
    """Raises LineTooLong, and what the content raises."""
    line, byte, rest = start.line, max(start.byte, encoding.mark_bytes), b""
    with content.open() as stream:
        _pass_over(stream, byte)
        while chunk := stream.read(_CHUNK):
            data = rest + chunk
            end = data.rfind(b"\n") + 1
            rest = data[end:]
            if len(rest) > LARGEST_ROW_BYTES:
                raise LineTooLong
            if end:
                block = Block(data[:end], data.count(b"\n", 0, end), line, byte)
                yield block
                line, byte = line + block.lines, byte + end
    if rest:
        yield Block(rest, 1, line, byte)


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
