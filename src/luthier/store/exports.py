"""Exports that were made and proven, newest first."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Connection, delete, insert, select

from luthier.domain.exports import Export, ExportNotFound
from luthier.store.references import ids_beginning
from luthier.store.tables import exports


class Exports:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, export: Export) -> None:
        values = {"export_id": export.export_id, "version_id": export.version_id, "body": export.model_dump_json()}
        self._connection.execute(insert(exports).values(**values))

    def find(self, reference: str) -> Export:
        """By id, or by its beginning when only one begins so. Raises ExportNotFound."""
        found = self._where(exports.c.export_id == reference)
        if not found:
            candidates = ids_beginning(self._connection, exports.c.export_id, "exp", reference)
            found = self._where(exports.c.export_id == candidates[0]) if len(candidates) == 1 else []
        if not found:
            raise ExportNotFound(name=reference)
        return found[0]

    def list(self, version_id: str | None = None) -> "list[Export]":
        return list(self._where(*([] if version_id is None else [exports.c.version_id == version_id])))

    def remove(self, export_id: str) -> None:
        self._connection.execute(delete(exports).where(exports.c.export_id == export_id))

    def _where(self, *conditions: ColumnElement[bool]) -> Sequence[Export]:
        statement = select(exports.c.body).where(*conditions).order_by(exports.c.seq.desc())
        return [Export.model_validate_json(body) for body in self._connection.scalars(statement)]
