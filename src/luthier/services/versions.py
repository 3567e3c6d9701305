"""Versions as people look them up."""

from luthier.domain.versions import Version
from luthier.store import Store


class Versions:
    def __init__(self, store: Store) -> None:
        self._store = store

    def list(self) -> "list[Version]":
        """Newest first."""
        with self._store.reading() as tx:
            return tx.versions.list()

    def get(self, reference: str) -> Version:
        """By name (its newest), name@number, id, or a unique beginning of the id. Raises VersionNotFound."""
        with self._store.reading() as tx:
            return tx.versions.find(reference)
