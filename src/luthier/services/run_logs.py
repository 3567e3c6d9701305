"""What the workers of a run logged, attempt by attempt, oldest line first."""

from pathlib import Path
from typing import NamedTuple

from luthier.domain.logs import LogLevel, LogLine
from luthier.services.folders import Folders
from luthier.services.log_files import lines_at_end, lines_from, wanted
from luthier.store import Store


class LogPiece(NamedTuple):
    lines: list[LogLine]
    offset: int  # of the newest attempt's log; pass both back to read on
    attempt: int


class RunLogs:
    def __init__(self, store: Store, folders: Folders) -> None:
        self._store = store
        self._folders = folders

    def tail(self, reference: str, lines: int, level: LogLevel = "output", attempt: int | None = None) -> LogPiece:
        """The last lines of at least that level, of the newest attempt unless another one is named."""
        with self._store.reading() as tx:
            run = tx.runs.find(reference)
        number = run.attempt if attempt is None else attempt
        found, end = lines_at_end(self._path(run.run_id, number))
        return LogPiece(wanted(found, level)[-lines:], end, number)

    def after(self, run_id: str, piece: LogPiece, level: LogLevel = "output") -> LogPiece:
        """What has come since; when a newer attempt has begun, from the beginning of its log."""
        with self._store.reading() as tx:
            newest = tx.runs.find(run_id).attempt
        found, end = lines_from(self._path(run_id, piece.attempt), piece.offset)
        if found or newest == piece.attempt:
            return LogPiece(wanted(found, level), end, piece.attempt)
        found, end = lines_from(self._path(run_id, newest), 0)
        return LogPiece(wanted(found, level), end, newest)

    def _path(self, run_id: str, attempt: int) -> Path:
        return self._folders.run(run_id).attempt(attempt).log
