"""Checkpoints: which ones a run has on disk."""

from sqlalchemy import Connection, delete, select

from luthier.domain.runs import Checkpoint
from luthier.store.tables import checkpoints
from luthier.store.writing import put


class Checkpoints:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def put(self, checkpoint: Checkpoint) -> None:
        row = {"run_id": checkpoint.run_id, "step": checkpoint.step, "body": checkpoint.model_dump_json()}
        put(self._connection, checkpoints, [row])

    def list(self, run_id: str) -> list[Checkpoint]:
        """Newest first."""
        statement = select(checkpoints.c.body).where(checkpoints.c.run_id == run_id).order_by(checkpoints.c.step.desc())
        return [Checkpoint.model_validate_json(body) for body in self._connection.scalars(statement)]

    def drop(self, run_id: str, step: int) -> None:
        """Forgets one; one that is not there is none to forget."""
        self._connection.execute(delete(checkpoints).where(checkpoints.c.run_id == run_id, checkpoints.c.step == step))

    def clear(self, run_id: str) -> None:
        self._connection.execute(delete(checkpoints).where(checkpoints.c.run_id == run_id))
