"""Turns what a database driver raises into errors that a person can act on."""

import sqlite3
from pathlib import Path

from sqlalchemy import URL
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from luthier.domain.errors import DiskFull
from luthier.domain.workspace_errors import StoreBusy, StoreNotWritable, StoreUnreachable, StoreUnreadable
from luthier.kit.files import free_bytes
from luthier.kit.units import show_bytes

_LITTLE_SPACE = 1 << 20  # below this, a failed write is put down to a full disk
_SQLITE_WRITE_FAILED = {  # a quota, a size limit, or a disk that fails
    sqlite3.SQLITE_IOERR_WRITE,
    sqlite3.SQLITE_IOERR_FSYNC,
    sqlite3.SQLITE_IOERR_DIR_FSYNC,
    sqlite3.SQLITE_IOERR_TRUNCATE,
}
_POSTGRESQL_BUSY = {"55P03", "57014"}  # lock not available, statement timeout
_POSTGRESQL_FULL = {"53100"}
_POSTGRESQL_READ_ONLY = {"25006", "42501"}


def failure_of(error: DBAPIError | PoolTimeout, url: URL) -> Exception:
    """The error to raise instead; `error` itself when it is a defect of ours, such as a violated constraint."""
    where = url.database if url.get_backend_name() == "sqlite" else url.render_as_string(hide_password=True)
    assert where
    if isinstance(error, PoolTimeout):
        return StoreBusy(path=where, details=str(error))
    if isinstance(error.orig, sqlite3.Error):
        return failure_of_sqlite(error.orig, Path(where), error)
    return _of_postgresql(error, where) or error


def failure_of_sqlite(error: sqlite3.Error, path: Path, otherwise: Exception | None = None) -> Exception:
    """As `failure_of`, for what the driver itself raised; `otherwise` is a defect of ours."""
    code: int = getattr(error, "sqlite_errorcode", 0)  # absent when the driver itself complains
    details = f"{error} (SQLite code {code})"
    match code & 0xFF:  # the low byte is the primary code
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return StoreBusy(path=path, details=details)
        case sqlite3.SQLITE_FULL:
            return _disk_full(path, details)
        case sqlite3.SQLITE_IOERR if free_bytes(path) < _LITTLE_SPACE:
            return _disk_full(path, details)
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_PERM:
            return StoreNotWritable(path=path, reason="this user may only read it", details=details)
        case sqlite3.SQLITE_IOERR if code in _SQLITE_WRITE_FAILED:
            return StoreNotWritable(path=path, reason="the system refused to write more to that disk", details=details)
        case sqlite3.SQLITE_CORRUPT | sqlite3.SQLITE_NOTADB | sqlite3.SQLITE_IOERR | sqlite3.SQLITE_CANTOPEN:
            return StoreUnreadable(path=path, reason=str(error), details=details)
        case _:
            return otherwise or error


def _disk_full(path: Path, details: str) -> DiskFull:
    return DiskFull(path=path, needed="a few more kB", free=show_bytes(free_bytes(path)), details=details)


def _of_postgresql(error: DBAPIError, where: str) -> Exception | None:
    state = getattr(error.orig, "sqlstate", None)
    details = str(error.orig)
    if state in _POSTGRESQL_BUSY:
        return StoreBusy(path=where, details=details)
    if state in _POSTGRESQL_FULL:
        return DiskFull(path=where, needed="more", free="none", details=details)
    if state in _POSTGRESQL_READ_ONLY:
        return StoreNotWritable(path=where, reason="this user may only read it", details=details)
    # The driver names no state when there was no answer to take it from; class 08 is "connection", 57P "shut down".
    if error.connection_invalidated or state is None or state.startswith(("08", "28", "3D", "53", "57P")):
        return StoreUnreachable(
            url=where, reason=details.strip().splitlines()[0] if details.strip() else "no answer", details=details
        )
    return None
