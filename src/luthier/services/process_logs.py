"""What the long-lived processes of a workspace logged: the server, the supervisor, whoever writes below logs/."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from luthier.domain.logs import LogLevel, LogLine, LogNotFound
from luthier.services.folders import Folders
from luthier.services.log_files import lines_at_end, lines_from, wanted

_ALWAYS = ("server", "supervisor")  # also before either has said anything


class LogTail(NamedTuple):
    lines: Sequence[LogLine]
    offset: int  # pass it back to read on


class ProcessLogs:
    def __init__(self, folders: Folders) -> None:
        self._folders = folders

    def names(self) -> tuple[str, ...]:
        found = (path.stem for path in self._folders.logs.glob("*.log"))
        return tuple(sorted({*_ALWAYS, *found}))

    def tail(self, name: str, lines: int, level: LogLevel = "output", words: str = "") -> LogTail:
        """The last lines of at least that level in which all of `words` stand. Raises LogNotFound."""
        found, end = lines_at_end(self._folders.logs / f"{self._known(name)}.log")
        return LogTail(wanted(found, level, words)[-lines:], end)

    def after(self, name: str, offset: int, level: LogLevel = "output", words: str = "") -> LogTail:
        """What has come since. A file that was put aside for a new one is read from the new one's beginning."""
        path = self._folders.logs / f"{self._known(name)}.log"
        size = path.stat().st_size if path.exists() else 0
        found, end = lines_from(path, offset if offset <= size else 0)
        return LogTail(wanted(found, level, words), end)

    def export(self, name: str) -> Iterator[bytes]:
        """Every line that is kept, the oldest first, as it was written. Raises LogNotFound."""
        kept = self._folders.logs.glob(f"{self._known(name)}.log*")
        return (path.read_bytes() for path in sorted(kept, key=lambda path: path.name, reverse=True))

    def _known(self, name: str) -> str:
        if name not in self.names():
            raise LogNotFound(name=name, known=", ".join(self.names()))
        return name
