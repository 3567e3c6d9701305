"""What the two databases do alike and SQLAlchemy spells in two ways: insert or replace, and go on counting."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Table, func, select
from sqlalchemy.dialects import postgresql, sqlite


def put(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """Inserts the rows; one whose primary key is there already is replaced."""
    if not rows:
        return
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    statement = insert(table)
    keys = [column.name for column in table.primary_key]
    changed = {column.name: statement.excluded[column.name] for column in table.columns if column.name not in keys}
    connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=changed), list(rows))


def count_on(connection: Connection, table: Table) -> None:
    """The next row is numbered above every one that was numbered by hand; SQLite does so by itself."""
    if connection.dialect.name != "postgresql":
        return
    highest = connection.scalar(select(func.max(table.c.seq)))
    if highest is not None:
        sequence = func.pg_get_serial_sequence(table.name, "seq")
        connection.execute(select(func.setval(sequence, highest)))
