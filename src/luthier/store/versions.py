"""Versions: numbered within their name, found by label, name (its highest number), id or beginning of the id."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Connection, delete, insert, select, update

from luthier.domain.versions import Version, VersionNameAmbiguous, VersionNotFound
from luthier.store.references import ids_beginning, listed
from luthier.store.tables import versions


class Versions:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.changed: dict[str, Version | None] = {}  # in this transaction, by id; None was removed

    def add(self, version: Version) -> None:
        values = {"version_id": version.version_id, "name": version.name, "number": version.number}
        self._connection.execute(insert(versions).values(**values, body=version.model_dump_json()))
        self.changed[version.version_id] = version

    def remove(self, version_id: str) -> None:
        self._connection.execute(delete(versions).where(versions.c.version_id == version_id))
        self.changed[version_id] = None

    def update(self, version: Version) -> None:
        """Its label stays. Raises VersionNotFound when it was never added."""
        changed = self._connection.execute(
            update(versions).where(versions.c.version_id == version.version_id).values(body=version.model_dump_json())
        )
        if changed.rowcount == 0:
            raise VersionNotFound(name=version.version_id)
        self.changed[version.version_id] = version

    def get(self, version_id: str) -> Version | None:
        found = self._where(versions.c.version_id == version_id)
        return found[0] if found else None

    def find(self, reference: str) -> Version:
        """By id, else "name@number", else the highest of that name, else beginning of the id.

        Raises VersionNotFound or VersionNameAmbiguous.
        """
        name, _, number = reference.rpartition("@")
        found = (
            self._where(versions.c.version_id == reference)
            or self._where(versions.c.name == name, versions.c.number == number)
            or self.of_name(reference)
        )
        if found:
            return found[0]
        candidates = ids_beginning(self._connection, versions.c.version_id, "ver", reference)
        if len(candidates) > 1:
            raise VersionNameAmbiguous(name=reference, candidates=listed(candidates))
        if not candidates:
            raise VersionNotFound(name=reference)
        return self._where(versions.c.version_id == candidates[0])[0]

    def list(self) -> list[Version]:
        """Newest first."""
        return list(self._where())

    def of_name(self, name: str) -> Sequence[Version]:
        """The highest number first."""
        return sorted(self._where(versions.c.name == name), key=lambda version: version.order, reverse=True)

    def _where(self, *conditions: ColumnElement[bool]) -> Sequence[Version]:
        statement = select(versions.c.body).where(*conditions).order_by(versions.c.seq.desc())
        return [Version.model_validate_json(body) for body in self._connection.scalars(statement)]
