"""Waits for what comes piece by piece, and looks up meanwhile, so that whoever waits can be called away."""

from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor, wait
from typing import TypeVar

Piece = TypeVar("Piece")


def attended(
    pieces: Generator[Piece, None, None], attend: Callable[[], None], every_seconds: float = 0.3
) -> Generator[Piece, None, None]:
    """The same pieces; while none comes, `attend` is called, and what it raises ends the waiting at once.

    `pieces` is drawn from in a thread of its own, and closed there when the piece that it is busy with has come.
    """
    drawing = ThreadPoolExecutor(1, thread_name_prefix="awaited")
    try:
        while True:
            coming = drawing.submit(next, pieces, None)
            while not wait((coming,), every_seconds).done:
                attend()
            piece = coming.result()
            if piece is None:
                return
            yield piece
    finally:
        drawing.submit(pieces.close)
        drawing.shutdown(wait=False)
