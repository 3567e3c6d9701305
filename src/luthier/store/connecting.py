"""How each database is connected and how a transaction begins, so that both give the same promises.

A writing transaction is alone: SQLite's BEGIN IMMEDIATE, an advisory lock on PostgreSQL. So what it reads stays
true until it commits, and event numbers become visible in their order. A reading transaction sees one moment.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum, auto
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError

from luthier.domain.errors import PackageMissing
from luthier.domain.workspace_errors import StoreUrlInvalid
from luthier.kit.clock import Clock, SystemClock

# Before this version a checkpoint of the write-ahead log could run into a reset of it and damage the file.
FIRST_SAFE_WAL = (3, 51, 3)
_CONNECT_SECONDS = 10
_WRITER_LOCK = 0x4C757468  # "Luth": the one advisory lock of the database


class Mode(Enum):
    READ = auto()
    WRITE = auto()
    MIGRATE = auto()  # as WRITE, with references checked at the end instead of at every statement


def engine_for(place: Path | str, wait_seconds: float) -> Engine:
    """Raises StoreUrlInvalid, or PackageMissing when the driver for PostgreSQL is not installed."""
    try:
        # A path is not pasted into a URL: a question mark in a folder's name would cut it off.
        url = URL.create("sqlite", database=str(place)) if isinstance(place, Path) else make_url(place)
    except ArgumentError:
        raise StoreUrlInvalid(url=place) from None
    match url.get_backend_name():
        case "sqlite" if url.database and url.database != ":memory:":
            return sqlite_engine(url, sqlite3.sqlite_version_info, wait_seconds)
        case "postgresql" | "postgres":
            return _postgresql_engine(url, wait_seconds)
        case _:
            raise StoreUrlInvalid(url=url.render_as_string(hide_password=True))


@contextmanager
def begin(engine: Engine, mode: Mode) -> Iterator[Connection]:
    """Commits at the end of the block; an exception rolls back."""
    with engine.connect() as connection:
        options: dict[str, Any] = {"luthier_mode": mode}
        if engine.dialect.name == "postgresql":
            options |= {
                "isolation_level": "REPEATABLE READ" if mode is Mode.READ else "READ COMMITTED",
                "postgresql_readonly": mode is Mode.READ,
            }
        connection = connection.execution_options(**options)
        with connection.begin():
            if engine.dialect.name == "postgresql" and mode is not Mode.READ:
                connection.execute(text(f"SELECT pg_advisory_xact_lock({_WRITER_LOCK})"))
            yield connection


def journal_mode_for(version: tuple[int, ...]) -> str:
    return "WAL" if version >= FIRST_SAFE_WAL else "DELETE"


def sqlite_engine(url: URL, version: tuple[int, ...], wait_seconds: float) -> Engine:
    assert url.database
    Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(
        url.set(drivername="sqlite+pysqlite"), connect_args={"timeout": wait_seconds}, pool_timeout=wait_seconds
    )
    journal_mode = journal_mode_for(version)

    @event.listens_for(engine, "connect")
    def _configure(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None  # transactions begin where `_begin` says, not where the driver guesses
        connection.execute(f"PRAGMA busy_timeout = {1000 * wait_seconds:.0f}")
        _set_journal_mode(connection, journal_mode, SystemClock(), wait_seconds)
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA mmap_size = 0")  # a failing disk is an error, not a signal

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        mode = connection.get_execution_options()["luthier_mode"]
        connection.exec_driver_sql(f"PRAGMA foreign_keys = {'OFF' if mode is Mode.MIGRATE else 'ON'}")
        connection.exec_driver_sql(f"PRAGMA query_only = {'ON' if mode is Mode.READ else 'OFF'}")
        connection.exec_driver_sql("BEGIN" if mode is Mode.READ else "BEGIN IMMEDIATE")

    return engine


def _set_journal_mode(connection: sqlite3.Connection, wanted: str, clock: Clock, wait_seconds: float) -> None:
    """The mode is kept in the file, so this changes something only once; SQLite does not wait for others by itself."""
    deadline = clock.monotonic() + wait_seconds
    while connection.execute("PRAGMA journal_mode").fetchone()[0].upper() != wanted:
        try:
            connection.execute(f"PRAGMA journal_mode = {wanted}")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or clock.monotonic() > deadline:
                raise
            clock.sleep(0.02)


def _postgresql_engine(url: URL, wait_seconds: float) -> Engine:
    try:
        import psycopg
    except ImportError:
        raise PackageMissing(package="psycopg", extra="team") from None
    engine = create_engine(
        url.set(drivername="postgresql+psycopg"),
        pool_pre_ping=True,
        pool_timeout=wait_seconds,
        connect_args={"connect_timeout": _CONNECT_SECONDS},
    )

    @event.listens_for(engine, "connect")
    def _configure(connection: "psycopg.Connection[Any]", _record: object) -> None:
        connection.execute(f"SET lock_timeout = {1000 * wait_seconds:.0f}")  # milliseconds
        connection.commit()

    return engine
