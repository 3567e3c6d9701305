"""What carries a name that holds some words: the newest of each kind first."""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import Column, ColumnElement, Connection, Table, and_, func, or_, select

from luthier.store.tables import dataset_versions, runs, versions


class Named(NamedTuple):
    id: str
    name: str
    note: str  # a run's state, or the number of a dataset or a version


class Naming:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def runs(self, words: Sequence[str], most: int) -> list[Named]:
        return self._found(runs, runs.c.run_id, runs.c.state, words, most)

    def datasets(self, words: Sequence[str], most: int) -> list[Named]:
        return self._found(dataset_versions, dataset_versions.c.dataset_id, dataset_versions.c.number, words, most)

    def versions(self, words: Sequence[str], most: int) -> list[Named]:
        return self._found(versions, versions.c.version_id, versions.c.number, words, most)

    def _found(self, table: Table, key: Column[str], note: Column[str], words: Sequence[str], most: int) -> list[Named]:
        """Every word stands in the name, or begins the id."""
        statement = select(key, table.c.name, note).where(and_(*(_says(table, key, word) for word in words)))
        rows = self._connection.execute(statement.order_by(table.c.seq.desc()).limit(most))
        return [Named(found, name, str(noted)) for found, name, noted in rows]


def _says(table: Table, key: Column[str], word: str) -> ColumnElement[bool]:
    named = func.lower(table.c.name).contains(word.lower(), autoescape=True)
    return or_(named, key.startswith(word.lower(), autoescape=True))
