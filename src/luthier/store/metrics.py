"""Metrics: one value per run, name and step; a step that is done again after a kill replaces its values."""

import math
from collections.abc import Collection, Iterable

from sqlalchemy import Connection, delete, select

from luthier.domain.runs import MetricPoint
from luthier.store.tables import metrics
from luthier.store.writing import put


class Metrics:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def put(self, run_id: str, points: Iterable[MetricPoint]) -> None:
        rows = [
            {
                "run_id": run_id,
                "name": point.name,
                "step": point.step,
                "value": None if math.isnan(point.value) else point.value,
            }
            for point in points
        ]
        put(self._connection, metrics, rows)

    def list(self, run_id: str, names: Collection[str] | None = None, after_step: int = -1) -> list[MetricPoint]:
        """By step, then name. Step 0 is the base model, before training."""
        statement = select(metrics.c.step, metrics.c.name, metrics.c.value).where(
            metrics.c.run_id == run_id, metrics.c.step > after_step
        )
        if names is not None:
            statement = statement.where(metrics.c.name.in_(names))
        rows = self._connection.execute(statement.order_by(metrics.c.step, metrics.c.name))
        return [
            MetricPoint(step=step, name=name, value=math.nan if value is None else value) for step, name, value in rows
        ]

    def clear(self, run_id: str) -> None:
        self._connection.execute(delete(metrics).where(metrics.c.run_id == run_id))
