"""What the workers of a run logged: JSON lines of ours between lines that libraries printed, oldest first."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from pydantic import ValidationError

from luthier.domain.logs import LogLevel, LogLine, at_least
from luthier.services.folders import Folders
from luthier.store import Store

_READ_BYTES = 1 << 20  # of the end of one log; enough for thousands of lines


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
        path = self._path(run.run_id, number)
        size = path.stat().st_size if path.exists() else 0
        found, end = _lines(path, max(0, size - _READ_BYTES))
        return LogPiece(_wanted(found, level)[-lines:], end, number)

    def after(self, run_id: str, piece: LogPiece, level: LogLevel = "output") -> LogPiece:
        """What has come since; when a newer attempt has begun, from the beginning of its log."""
        with self._store.reading() as tx:
            newest = tx.runs.find(run_id).attempt
        found, end = _lines(self._path(run_id, piece.attempt), piece.offset)
        if found or newest == piece.attempt:
            return LogPiece(_wanted(found, level), end, piece.attempt)
        found, end = _lines(self._path(run_id, newest), 0)
        return LogPiece(_wanted(found, level), end, newest)

    def _path(self, run_id: str, attempt: int) -> Path:
        return self._folders.run(run_id).attempt(attempt).log


def _lines(path: Path, offset: int) -> tuple[list[LogLine], int]:
    """Complete lines from that byte on, and where the next one begins."""
    if not path.exists():
        return [], 0
    with open(path, "rb") as file:
        file.seek(offset)
        content = file.read()
    complete = content[: content.rfind(b"\n") + 1]
    texts = complete.decode(errors="replace").split("\n")[:-1]
    if offset and texts and not content.startswith(b"{"):
        texts = texts[1:] if _is_cut(path, offset) else texts
    return [_line(text) for text in texts if text.strip()], offset + len(complete)


def _is_cut(path: Path, offset: int) -> bool:
    with open(path, "rb") as file:
        file.seek(offset - 1)
        return file.read(1) != b"\n"


def _line(text: str) -> LogLine:
    if text.startswith("{"):
        try:
            return LogLine.model_validate_json(text)
        except ValidationError:
            pass  # a library may print braces of its own
    return LogLine(level="output", message=text)


def _wanted(lines: Sequence[LogLine], level: LogLevel) -> list[LogLine]:
    wanted = at_least(level)
    return [line for line in lines if line.level in wanted]
