"""Leases: at most one row per run, which says who acts for it; a holder that was replaced can change nothing."""

from sqlalchemy import Connection, delete, select, update

from luthier.domain.runs import Lease
from luthier.store.tables import leases
from luthier.store.writing import put


class Leases:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def put(self, lease: Lease) -> None:
        put(self._connection, leases, [lease.model_dump()])

    def get(self, run_id: str) -> Lease | None:
        row = self._connection.execute(select(leases).where(leases.c.run_id == run_id)).mappings().first()
        return None if row is None else Lease.model_validate(dict(row))

    def list(self) -> list[Lease]:
        rows = self._connection.execute(select(leases).order_by(leases.c.run_id)).mappings()
        return [Lease.model_validate(dict(row)) for row in rows]

    def beat(self, holder: str) -> None:
        self._connection.execute(update(leases).where(leases.c.holder == holder).values(beat=leases.c.beat + 1))

    def drop(self, run_id: str, holder: str) -> None:
        """Does nothing when somebody else holds it meanwhile."""
        self._connection.execute(delete(leases).where(leases.c.run_id == run_id, leases.c.holder == holder))
