"""Attempts: one row per worker process that acted for a run."""

from sqlalchemy import Connection, select

from luthier.domain.runs import Attempt
from luthier.store.tables import attempts
from luthier.store.writing import put


class Attempts:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def put(self, run_id: str, attempt: Attempt) -> None:
        put(
            self._connection,
            attempts,
            [{"run_id": run_id, "number": attempt.number, "body": attempt.model_dump_json()}],
        )

    def get(self, run_id: str, number: int) -> Attempt | None:
        statement = select(attempts.c.body).where(attempts.c.run_id == run_id, attempts.c.number == number)
        body = self._connection.scalar(statement)
        return None if body is None else Attempt.model_validate_json(body)

    def list(self, run_id: str) -> list[Attempt]:
        """In the order they were made."""
        statement = select(attempts.c.body).where(attempts.c.run_id == run_id).order_by(attempts.c.number)
        return [Attempt.model_validate_json(body) for body in self._connection.scalars(statement)]
