"""Metrics: one value per run, name and step; a step that is done again after a kill replaces its values."""

import math
from collections.abc import Collection, Iterable, Iterator
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, delete, func, select

from luthier.domain.curves import Bucket, StepRange
from luthier.domain.runs import MetricPoint
from luthier.store.tables import metrics
from luthier.store.writing import put

_ROWS_AT_ONCE = 2_000


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

    def by_name(self, run_id: str, names: Collection[str] | None, after_step: int) -> Iterator[MetricPoint]:
        """By name, then step, a few thousand at a time, however many there are."""
        statement = _named(run_id, names, metrics.c.step > after_step).order_by(metrics.c.name, metrics.c.step)
        for step, name, value in self._connection.execution_options(yield_per=_ROWS_AT_ONCE).execute(statement):
            yield _point(step, name, value)

    def counts(self, run_id: str, names: Collection[str] | None, after_step: int) -> dict[str, int]:
        """How many points each metric has."""
        statement = select(metrics.c.name, func.count()).where(_of(run_id, names, metrics.c.step > after_step))
        return {row[0]: row[1] for row in self._connection.execute(statement.group_by(metrics.c.name))}

    def extent(self, run_id: str, name: str) -> tuple[int, int] | None:
        """The first and the last step at which it was measured."""
        chosen = _of(run_id, (name,))
        first, last = self._connection.execute(
            select(func.min(metrics.c.step), func.max(metrics.c.step)).where(chosen)
        ).one()
        return None if first is None else (first, last)

    def buckets(self, run_id: str, name: str, steps: StepRange, width: int) -> list[Bucket]:
        """The points of a range in stretches of `width` steps, of which the first begins at a multiple of it."""
        chosen = _of(run_id, (name,), metrics.c.step >= steps.first_step)
        if steps.last_step is not None:
            chosen = and_(chosen, metrics.c.step <= steps.last_step)
        finite = and_(metrics.c.value < math.inf, metrics.c.value > -math.inf)
        value = metrics.c.value
        number = metrics.c.step // width
        statement = (
            select(
                func.min(metrics.c.step),
                func.max(metrics.c.step),
                func.count(),
                func.avg(value).filter(finite),
                func.min(value).filter(finite),
                func.max(value).filter(finite),
            )
            .where(chosen)
            .group_by(number)
            .order_by(number)
        )
        return [Bucket(*row) for row in self._connection.execute(statement)]

    def latest(self, run_id: str, names: Collection[str]) -> dict[str, MetricPoint]:
        """The newest point of each; those that were never measured are left out."""
        found = {}
        for name in names:
            newest = select(metrics.c.step, metrics.c.name, metrics.c.value).where(_of(run_id, (name,)))
            row = self._connection.execute(newest.order_by(metrics.c.step.desc()).limit(1)).first()
            if row is not None:
                found[name] = _point(row.step, row.name, row.value)
        return found

    def clear(self, run_id: str) -> None:
        self._connection.execute(delete(metrics).where(metrics.c.run_id == run_id))

    def list(self, run_id: str, names: Collection[str] | None = None, after_step: int = -1) -> list[MetricPoint]:
        """By step, then name. Step 0 is the base model, before training."""
        statement = _named(run_id, names, metrics.c.step > after_step)
        rows = self._connection.execute(statement.order_by(metrics.c.step, metrics.c.name))
        return [_point(step, name, value) for step, name, value in rows]


def _named(run_id: str, names: Collection[str] | None, *conditions: ColumnElement[bool]) -> Select[Any]:
    return select(metrics.c.step, metrics.c.name, metrics.c.value).where(_of(run_id, names, *conditions))


def _of(run_id: str, names: Collection[str] | None, *conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    named = () if names is None else (metrics.c.name.in_(names),)
    return and_(metrics.c.run_id == run_id, *named, *conditions)


def _point(step: int, name: str, value: float | None) -> MetricPoint:
    return MetricPoint(step=step, name=name, value=math.nan if value is None else value)
