"""A file's bytes, wherever they lie: on disk, compressed, or inside an archive."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from luthier.data.readers.meter import Meter
from luthier.domain.datasets import DatasetFileMissing, DatasetUnreadable


@dataclass(frozen=True)
class Content:
    name: str  # as people know it
    ending: str  # of the name, without what says that it is packed; a hint and no more
    stored_bytes: int
    open: Callable[[], BinaryIO]  # from the beginning, each time; whoever calls it closes what it gives
    path: Path | None = None  # None: the bytes come out of something else

    def head(self, size: int) -> bytes:
        with self.open() as stream:
            return stream.read(size)

    def whole(self, most_bytes: int) -> bytes:
        """All of it; of what is larger, one byte more than that. Raises SourceFault for what is damaged further on."""
        with self.open() as stream:
            content = stream.read(most_bytes + 1)
            if len(content) <= most_bytes:
                stream.read(1)  # the end, or the fault
            return content


def writable(name: str) -> str:
    """A name as a report can hold it: names of files and columns may be no Unicode text."""
    return name.encode("utf-8", "replace").decode()


def on_disk(path: Path, name: str | None = None, meter: Meter | None = None) -> Content:
    """Tells the meter what is read. Raises DatasetFileMissing, or DatasetUnreadable for what is no regular file."""
    if not path.exists():
        raise DatasetFileMissing(path=path)
    if not path.is_file():
        raise DatasetUnreadable(source=path, kind="examples", reason="it is not a file")
    try:
        with open(path, "rb"):
            size = path.stat().st_size
    except OSError as error:
        raise DatasetUnreadable(source=path, kind="examples", reason=error.strerror or str(error)) from error

    opened = (meter or Meter()).opener(path, size)
    return Content(writable(name or str(path)), path.suffix.lower(), size, opened, path)
