"""Datasets: immutable contents, found by their id, and by names under which they are counted."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Connection, func, insert, select

from luthier.domain.datasets import Dataset, DatasetNameAmbiguous, DatasetNotFound
from luthier.store.references import ids_beginning, listed
from luthier.store.tables import dataset_versions as versions


class Datasets:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.added: list[Dataset] = []  # in this transaction

    def add(self, dataset: Dataset) -> Dataset:
        """As the next version of its name; when the newest of that name has the same content, that one stays."""
        newest = self._first(versions.c.name == dataset.name)
        if newest is not None and newest.dataset_id == dataset.dataset_id:
            return newest
        highest = select(func.max(versions.c.number)).where(versions.c.name == dataset.name)
        number = (self._connection.scalar(highest) or 0) + 1
        added = dataset.model_copy(update={"version": number})
        self.put_back(added)
        self.added.append(added)
        return added

    def put_back(self, dataset: Dataset) -> None:
        """As the version that it was before."""
        values = {"dataset_id": dataset.dataset_id, "name": dataset.name, "number": dataset.version}
        self._connection.execute(insert(versions).values(**values, body=dataset.model_dump_json()))

    def get(self, dataset_id: str) -> Dataset | None:
        """Under the newest of its names."""
        return self._first(versions.c.dataset_id == dataset_id)

    def find(self, reference: str) -> Dataset:
        """By id, else name@number, else the newest of that name, else beginning of the id.

        Raises DatasetNotFound or DatasetNameAmbiguous.
        """
        if found := self.get(reference) or self._labelled(reference) or self._first(versions.c.name == reference):
            return found
        candidates = ids_beginning(self._connection, versions.c.dataset_id, "ds", reference)
        if len(candidates) > 1:
            raise DatasetNameAmbiguous(name=reference, candidates=listed(candidates))
        if not candidates:
            raise DatasetNotFound(name=reference)
        return self.find(candidates[0])

    def list(self) -> list[Dataset]:
        """Every version of every name, newest first."""
        return list(self._where())

    def versions(self, name: str) -> tuple[Dataset, ...]:
        """Of that name, the newest first."""
        return tuple(self._where(versions.c.name == name))

    def _labelled(self, reference: str) -> Dataset | None:
        name, _, number = reference.rpartition("@")
        if not (number.isascii() and number.isdigit() and len(number) < 10):
            return None
        return self._first(versions.c.name == name, versions.c.number == int(number))

    def _first(self, *conditions: ColumnElement[bool]) -> Dataset | None:
        found = self._where(*conditions, limit=1)
        return found[0] if found else None

    def _where(self, *conditions: ColumnElement[bool], limit: int | None = None) -> Sequence[Dataset]:
        statement = select(versions.c.number, versions.c.body).where(*conditions)
        rows = self._connection.execute(statement.order_by(versions.c.seq.desc()).limit(limit))
        # What was imported before versions were counted holds no number; the column does.
        return [Dataset.model_validate_json(body).model_copy(update={"version": number}) for number, body in rows]
