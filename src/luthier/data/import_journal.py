"""What an import has written so far, and where it was in its source: enough to go on after any end of its process."""

import os
from collections.abc import Callable
from pathlib import Path
from time import monotonic
from typing import BinaryIO

from luthier.data.check import Scan, ScanState
from luthier.domain.jobs import Progress
from luthier.kit.files import naming, read_json, write_atomically
from luthier.kit.frozen import Frozen
from luthier.kit.pacing import SAY_SECONDS

SAVE_SECONDS = 2.0  # work that a kill costs at most
_CURSOR_FILE = "cursor.json"


class Cursor(Frozen):
    """Written after the rows that it counts are on disk, so it never speaks of more than there is."""

    source: str  # mark of the source as it was; when it has changed, the import begins anew
    bytes: int  # of the rows file
    rows: int  # of the source that are done
    scan: ScanState


class ImportJournal:
    def __init__(self, folder: Path, source: str, save_seconds: float = SAVE_SECONDS) -> None:
        """`source` is a mark that changes when the source does, e.g. size and time of a file."""
        self._save_seconds = save_seconds
        self.rows_file = folder / "rows.jsonl"
        self._cursor_file = folder / _CURSOR_FILE
        self._source = source

    @property
    def cursor(self) -> Cursor | None:
        if not self._cursor_file.exists() or not self.rows_file.exists():
            return None
        cursor = Cursor.model_validate_json(self._cursor_file.read_bytes())
        return cursor if cursor.source == self._source and cursor.bytes <= self.rows_file.stat().st_size else None

    def write(self, scan: Scan, on_progress: Callable[[Progress], None]) -> None:
        """Writes the scan's examples to the rows file. `on_progress` may raise to end it."""
        cursor = self.cursor
        with naming(self.rows_file), open(self.rows_file, "r+b" if cursor else "wb") as file:
            if cursor is not None:
                file.truncate(cursor.bytes)
                file.seek(cursor.bytes)
                scan.go_on_from(cursor.scan)
            saved_at = said_at = monotonic()
            for lines in scan.canonical():
                file.write(lines)
                now = monotonic()
                if lines and now - saved_at >= self._save_seconds:
                    self._save(file, scan)
                    saved_at = now
                if now - said_at >= min(SAY_SECONDS, self._save_seconds):
                    on_progress(scan.progress)
                    said_at = now
            self._save(file, scan)
        on_progress(scan.progress)

    def _save(self, file: BinaryIO, scan: Scan) -> None:
        file.flush()
        os.fsync(file.fileno())
        cursor = Cursor(source=self._source, bytes=file.tell(), rows=scan.rows, scan=scan.state())
        write_atomically(self._cursor_file, cursor.model_dump_json().encode())


def rows_saved(folder: Path) -> int:
    """Rows of its source that an import in this folder has done; 0 when it has saved none."""
    path = folder / _CURSOR_FILE
    return int(read_json(path)["rows"]) if path.exists() else 0
