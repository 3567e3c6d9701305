"""Whole databases as rows of one moment: into an SQLite file for a backup, and back into either kind of database."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import Connection, Engine, Select, Table, delete, func, insert, select

from luthier.store.connecting import Mode, begin, engine_for
from luthier.store.failures import failure_of_sqlite
from luthier.store.migrating import bring_up_to_date
from luthier.store.tables import metadata, sessions
from luthier.store.writing import count_on

_ROWS_AT_ONCE = 5_000
_WAIT_SECONDS = 30.0


def copy_out(engine: Engine, file: Path) -> None:
    """`file` must not be there yet. It is whole on the disk when this returns."""
    if engine.dialect.name == "sqlite":
        _copy_pages(engine, file)
        return
    target = engine_for(file, _WAIT_SECONDS)
    try:
        bring_up_to_date(target)
        with begin(engine, Mode.READ) as rows, begin(target, Mode.MIGRATE) as copy:
            _copy_tables(rows, copy)
    finally:
        target.dispose()


def copy_in(file: Path, engine: Engine, on_taken: Callable[[], None]) -> None:
    """Raises RuntimeError when the database holds rows already; `on_taken` is called just before they are committed."""
    source = engine_for(file, _WAIT_SECONDS)
    try:
        with begin(source, Mode.READ) as rows, begin(engine, Mode.MIGRATE) as target:
            if not holds_nothing(target):
                raise RuntimeError("the database already holds rows")
            target.execute(delete(sessions))
            _copy_tables(rows, target)
            on_taken()
    finally:
        source.dispose()


def holds_nothing(connection: Connection) -> bool:
    """But for sign-ins, which begin again at any time."""
    kept = [table for table in metadata.sorted_tables if table is not sessions]
    return not any(connection.execute(select(table).limit(1)).first() for table in kept)


def _copy_pages(engine: Engine, file: Path) -> None:
    """SQLite's own online backup, in one step: a copy in many steps begins again whenever somebody writes."""
    with begin(engine, Mode.READ) as connection:
        source = connection.connection.driver_connection
        assert isinstance(source, sqlite3.Connection)
        target = sqlite3.connect(file)
        try:
            source.backup(target)
        except sqlite3.Error as error:
            raise failure_of_sqlite(error, file) from error
        finally:
            target.close()


def _copy_tables(source: Connection, target: Connection) -> None:
    for table in metadata.sorted_tables:
        rows = source.execute(_in_order(table)).mappings()
        for part in rows.partitions(_ROWS_AT_ONCE):
            target.execute(insert(table), [dict(row) for row in part])
        if "seq" in table.columns:
            count_on(target, table)
        copied = target.scalar(select(func.count()).select_from(table))
        assert copied == source.scalar(select(func.count()).select_from(table)), f"{table.name} was copied whole"


def _in_order(table: Table) -> Select[tuple[object, ...]]:
    return select(table).order_by(*table.primary_key.columns)
