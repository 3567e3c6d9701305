"""Runs: kept whole, found by id, name or beginning of the id, listed newest first."""

import re
from collections.abc import Collection, Iterator, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, insert, or_, select, update

from luthier.domain.run_queries import RunQuery
from luthier.domain.run_states import RunState
from luthier.domain.runs import Run, RunNameAmbiguous, RunNotFound
from luthier.domain.sweeps import MOST
from luthier.store.references import ids_beginning, listed
from luthier.store.run_queries import asked_columns, matching, order_of
from luthier.store.tables import runs


class Runs:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, run: Run) -> None:
        self._connection.execute(insert(runs).values(run_id=run.run_id, **_columns(run)))

    def update(self, run: Run) -> None:
        """Raises RunNotFound when it was never added."""
        changed = self._connection.execute(update(runs).where(runs.c.run_id == run.run_id).values(**_columns(run)))
        if changed.rowcount == 0:
            raise RunNotFound(name=run.run_id)

    def of_sweep(self, sweep_id: str) -> "list[Run]":
        """Oldest first."""
        return list(self._where(runs.c.sweep_id == sweep_id, order=(runs.c.seq.asc(),), limit=MOST))

    def get(self, run_id: str) -> Run | None:
        found = self._where(runs.c.run_id == run_id)
        return found[0] if found else None

    def find(self, reference: str) -> Run:
        """By exact id, else exact name, else beginning of the id. Raises RunNotFound or RunNameAmbiguous."""
        if run := self.get(reference):
            return run
        named = self._where(runs.c.name == reference, limit=6)
        candidates = [run.run_id for run in named] or ids_beginning(self._connection, runs.c.run_id, "run", reference)
        if not candidates:
            raise RunNotFound(name=reference)
        if len(candidates) > 1:
            raise RunNameAmbiguous(name=reference, candidates=listed(candidates))
        return named[0] if named else self.find(candidates[0])

    def list(self, limit: int = 50, states: Collection[RunState] | None = None, before: str | None = None) -> list[Run]:
        """Newest first; `before` is the id of the last run of the page before."""
        conditions: list[ColumnElement[bool]] = []
        if states is not None:
            conditions.append(runs.c.state.in_([state.value for state in states]))
        if before is not None:
            conditions.append(runs.c.seq < select(runs.c.seq).where(runs.c.run_id == before).scalar_subquery())
        return list(self._where(*conditions, limit=limit))

    def matching(self, query: RunQuery, limit: int = 50, before: str | None = None) -> Sequence[Run]:
        """In the order asked for; `before` is the id of the last run of the page before."""
        page = matching(self._connection, query, limit, before)
        return [] if page is None else self._where(runs.c.seq.in_(page), order=order_of(query), limit=limit)

    def bases(self) -> Sequence[str]:
        """Of all runs, each once, as the recipes name them."""
        return self._connection.scalars(select(runs.c.base).distinct().order_by(runs.c.base)).all()

    def all(self) -> Iterator[Run]:
        """The oldest first."""
        for body in self._connection.scalars(select(runs.c.body).order_by(runs.c.seq)):
            yield Run.model_validate_json(body)

    def next_name(self, stem: str) -> str:
        """The first of "orders", "orders-2", "orders-3", ... that is above every one in use."""
        alike = or_(runs.c.name == stem, runs.c.name.startswith(f"{stem}-", autoescape=True))
        names = self._connection.scalars(select(runs.c.name).where(alike)).all()
        numbers = [1] if stem in names else []
        numbers += [
            int(match[1]) for name in names if (match := re.fullmatch(rf"{re.escape(stem)}-([1-9]\d{{0,8}})", name))
        ]
        return f"{stem}-{max(numbers) + 1}" if numbers else stem

    def queued(self, home: str, limit: int) -> Sequence[Run]:
        """Those of one workspace, in the order of their turn."""
        turn = (runs.c.rank.desc(), runs.c.ticket.asc(), runs.c.seq.asc())
        ours = runs.c.home.in_((home, ""))  # runs from before homes were kept have none
        return self._where(runs.c.state == RunState.QUEUED.value, ours, order=turn, limit=limit)

    def _where(
        self, *conditions: ColumnElement[bool], order: Sequence[Any] = (runs.c.seq.desc(),), limit: int = 1
    ) -> Sequence[Run]:
        statement = select(runs.c.body).where(*conditions).order_by(*order).limit(limit)
        return [Run.model_validate_json(body) for body in self._connection.scalars(statement)]


def _columns(run: Run) -> dict[str, Any]:
    return {
        "name": run.name,
        "state": run.state.value,
        "home": run.home,
        "rank": run.rank,
        "ticket": run.ticket,
        **asked_columns(run),
        "body": run.model_dump_json(),
    }
