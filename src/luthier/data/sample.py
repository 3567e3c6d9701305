"""The first rows of a source, by which its mapping is found: as many as are needed, and never too much to hold."""

from collections.abc import Iterator
from typing import Any

from luthier.data.readers.rows import Row

SAMPLE_ROWS = 200
_SAMPLE_BYTES = 64 << 20


def sample(rows: Iterator[Row]) -> Iterator[Row]:
    """The first rows, fewer when they are huge."""
    taken, size = 0, 0
    while taken < SAMPLE_ROWS and size < _SAMPLE_BYTES:
        row = next(rows, None)
        if row is None:
            return
        taken += 1
        size += _characters(row.value)
        yield row


def _characters(value: Any) -> int:
    """About what a value takes, without recursion."""
    total = 0
    waiting = [value]
    while waiting:
        each = waiting.pop()
        total += len(each) if isinstance(each, str | bytes) else 8
        if isinstance(each, dict):
            waiting.extend(each.values())
        elif isinstance(each, list):
            waiting.extend(each)
    return total
