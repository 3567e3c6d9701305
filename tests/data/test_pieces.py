"""A file in pieces of whole lines: nothing is lost or moved at their borders."""

from pathlib import Path

import pytest

from luthier.data.readers.blocks import LineTooLong, Piece, pieces_of
from luthier.data.readers.content import on_disk
from luthier.data.readers.encodings import SourceEncoding

_MIB = 1 << 20


def pieces(path: Path, start: int = 0, mark: int = 0) -> list[Piece]:
    return list(pieces_of(on_disk(path), SourceEncoding("utf-8", "UTF-8", mark_bytes=mark), start))


@pytest.mark.parametrize("last_end", [b"\n", b""])
def test_the_pieces_are_the_file_whatever_its_lines_are_long(tmp_path: Path, last_end: bytes) -> None:
    lines = [b"a" * size + b"\n" for size in (10, 2 * _MIB - 12, 0, 3 * _MIB, 5, 2 * _MIB, 70_000)] * 2
    file = tmp_path / "lines.txt"
    file.write_bytes(b"".join(lines) + b"the last" + last_end)
    found = pieces(file)
    assert b"".join(piece.data for piece in found) == file.read_bytes()
    assert len(found) > 3
    assert all(piece.data.endswith(b"\n") for piece in found[:-1])
    at = 0
    for piece in found:
        assert piece.byte == at
        at += len(piece.data)


def test_a_reading_begins_where_it_is_told_and_never_before_the_mark(tmp_path: Path) -> None:
    file = tmp_path / "lines.txt"
    file.write_bytes(b"\xef\xbb\xbfone\ntwo\n")
    assert pieces(file, mark=3) == [Piece(3, bytearray(b"one\ntwo\n"))]
    assert pieces(file, start=7, mark=3) == [Piece(7, bytearray(b"two\n"))]


@pytest.mark.parametrize("after", [b"", b"\nshort\n"])
def test_a_line_that_no_piece_can_hold_is_refused_instead_of_gathered(tmp_path: Path, after: bytes) -> None:
    file = tmp_path / "lines.txt"
    file.write_bytes(b"a" * (16 * _MIB + 1) + after)
    with pytest.raises(LineTooLong):
        pieces(file)
