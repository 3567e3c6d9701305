"""Blocks with their counts, in order: several threads judge the next ones while one is taken."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from luthier.data.plain_blocks import Counts, PlainBlocks
from luthier.data.readers.blocks import Block, Piece, lines_in
from luthier.kit.threads import in_turn, worthwhile_threads


def counted(pieces: Iterator[Piece], line: int, plain: PlainBlocks) -> Iterator[tuple[Block, Counts | None]]:
    """`line` is the number of the first. None as `PlainBlocks.count` says it.

    Raises what `pieces` raises, at the latest when all before are taken.
    """
    threads = worthwhile_threads()
    with ThreadPoolExecutor(threads, thread_name_prefix="check") as pool:
        for piece, lines, counts in in_turn(pool, (partial(_counted, plain, piece) for piece in pieces), threads + 1):
            yield Block(piece.data, lines, line, piece.byte), counts
            line += lines


def _counted(plain: PlainBlocks, piece: Piece) -> tuple[Piece, int, Counts | None]:
    lines = lines_in(piece.data)
    return piece, lines, plain.count(piece.data, lines)
