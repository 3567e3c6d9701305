"""Which of the system's refusals mean that a disk is full, and the sentence that says so."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from luthier.domain.errors import DiskFull
from luthier.kit.files import DISK_FULL, free_bytes
from luthier.kit.units import show_bytes


def disk_full(error: BaseException, place: Path | None = None) -> DiskFull | None:
    """None for any other error. Without `place`, the file that the error names says which disk it is."""
    if not isinstance(error, OSError) or error.errno not in DISK_FULL:
        return None
    where = Path(error.filename) if isinstance(error.filename, str) else place
    free = show_bytes(free_bytes(where.absolute())) if where is not None else "too few bytes"
    return DiskFull(path=where or "a file", needed="more bytes", free=free, details=repr(error))


@contextmanager
def saying_when_full(place: Path) -> Iterator[None]:
    """Within, a disk without room is DiskFull."""
    try:
        yield
    except OSError as error:
        if full := disk_full(error, place):
            raise full from error
        raise
