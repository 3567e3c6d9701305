"""How an id is found by its beginning, with or without the prefix that says what it is."""

from collections.abc import Sequence

from sqlalchemy import Column, Connection, select


def ids_beginning(connection: Connection, column: Column[str], prefix: str, reference: str) -> Sequence[str]:
    """At most six ids; none for a reference that is nothing but the prefix."""
    beginning = reference.lower().removeprefix(f"{prefix}_")
    if not beginning:
        return []
    matches = column.startswith(f"{prefix}_{beginning}", autoescape=True)
    return connection.scalars(select(column).where(matches).distinct().order_by(column).limit(6)).all()


def listed(candidates: Sequence[str]) -> str:
    return ", ".join(candidates[:5]) + (" and more" if len(candidates) > 5 else "")
