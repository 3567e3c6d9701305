"""What the database says of itself: its version, its tables, the mode it writes in, and whether it is whole."""

import sqlite3
from pathlib import Path

from sqlalchemy import Connection, Engine, text

from luthier.domain.checkup import DatabaseFacts
from luthier.store.connecting import FIRST_SAFE_WAL, Mode, begin

_LARGEST_CHECKED = 200_000_000  # bytes: reading a larger file through would take too long


def describe(engine: Engine) -> DatabaseFacts:
    with begin(engine, Mode.READ) as connection:
        tables = str(connection.scalar(text("SELECT version_num FROM alembic_version")))
        if engine.dialect.name == "postgresql":
            version = str(connection.scalar(text("SHOW server_version")))
            return DatabaseFacts(kind="PostgreSQL", version=version, tables=tables)
        is_new = sqlite3.sqlite_version_info >= FIRST_SAFE_WAL
        return DatabaseFacts(
            kind="SQLite",
            version=sqlite3.sqlite_version,
            tables=tables,
            journal_mode=str(connection.scalar(text("PRAGMA journal_mode"))).upper(),
            first_safe_wal="" if is_new else ".".join(str(part) for part in FIRST_SAFE_WAL),
            damage=_damage(connection, Path(engine.url.database or "")),
        )


def _damage(connection: Connection, file: Path) -> str:
    if file.stat().st_size > _LARGEST_CHECKED:
        return ""
    said = str(connection.scalar(text("PRAGMA quick_check(1)")))
    return "" if said == "ok" else said
