"""Datasets: immutable, so adding one twice is adding it once."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Connection, insert, select

from luthier.domain.datasets import Dataset, DatasetNameAmbiguous, DatasetNotFound
from luthier.store.references import ids_beginning, listed
from luthier.store.tables import datasets


class Datasets:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, dataset: Dataset) -> None:
        """Leaves one that is there already as it is."""
        if self.get(dataset.dataset_id) is None:
            values = {"dataset_id": dataset.dataset_id, "name": dataset.name, "body": dataset.model_dump_json()}
            self._connection.execute(insert(datasets).values(**values))

    def get(self, dataset_id: str) -> Dataset | None:
        found = self._where(datasets.c.dataset_id == dataset_id)
        return found[0] if found else None

    def find(self, reference: str) -> Dataset:
        """By id, else the newest of that name, else beginning of the id.

        Raises DatasetNotFound or DatasetNameAmbiguous.
        """
        if dataset := self.get(reference):
            return dataset
        if named := self._where(datasets.c.name == reference):
            return named[0]
        candidates = ids_beginning(self._connection, datasets.c.dataset_id, "ds", reference)
        if len(candidates) > 1:
            raise DatasetNameAmbiguous(name=reference, candidates=listed(candidates))
        if not candidates:
            raise DatasetNotFound(name=reference)
        return self.find(candidates[0])

    def list(self) -> list[Dataset]:
        """Newest first."""
        return list(self._where())

    def _where(self, *conditions: ColumnElement[bool]) -> Sequence[Dataset]:
        statement = select(datasets.c.body).where(*conditions).order_by(datasets.c.seq.desc())
        return [Dataset.model_validate_json(body) for body in self._connection.scalars(statement)]
