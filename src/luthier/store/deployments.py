"""Deployments: one row for each slot in which a version serves."""

from sqlalchemy import Connection, delete, insert, select

from luthier.domain.deployments import Deployment, DeploymentNotFound
from luthier.store.tables import deployments


class Deployments:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.changed: set[str] = set()  # slots, in this transaction

    def put(self, deployment: Deployment) -> None:
        """In the place of what the slot had."""
        self.remove(deployment.slot)
        values = {"slot": deployment.slot, "version_id": deployment.serving.version_id}
        self._connection.execute(insert(deployments).values(**values, body=deployment.model_dump_json()))

    def remove(self, slot: str) -> None:
        self._connection.execute(delete(deployments).where(deployments.c.slot == slot))
        self.changed.add(slot)

    def find(self, slot: str) -> Deployment | None:
        body = self._connection.scalar(select(deployments.c.body).where(deployments.c.slot == slot))
        return None if body is None else Deployment.model_validate_json(body)

    def get(self, slot: str) -> Deployment:
        """Raises DeploymentNotFound."""
        found = self.find(slot)
        if found is None:
            raise DeploymentNotFound(slot=slot)
        return found

    def list(self) -> "list[Deployment]":
        """By slot."""
        bodies = self._connection.scalars(select(deployments.c.body).order_by(deployments.c.slot))
        return [Deployment.model_validate_json(body) for body in bodies]
