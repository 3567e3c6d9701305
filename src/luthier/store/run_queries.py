"""How a list of runs is asked of the database: conditions, order, and where a page goes on."""

import math
from typing import Any, NamedTuple

from sqlalchemy import Column, ColumnElement, Connection, Select, and_, case, or_, select

from luthier.domain.run_queries import RunQuery, RunSort
from luthier.domain.runs import Run
from luthier.store.tables import runs

_COLUMNS: dict[RunSort, Column[Any]] = {
    "made": runs.c.seq,
    "name": runs.c.words,  # which begin with it, in small letters
    "state": runs.c.state,
    "loss": runs.c.loss,
    "speed": runs.c.tokens_per_second,
    "duration": runs.c.training_seconds,
}


def asked_columns(run: Run) -> dict[str, Any]:
    """What runs are filtered and sorted by, beside their name and state. None comes last in every order."""
    data = run.recipe.data.rpartition("/")[2]
    return {
        "method": run.recipe.method,
        "base": _storable(run.recipe.base),
        "sweep_id": run.sweep.sweep_id if run.sweep else None,
        "words": _storable(f"{run.name}\n{run.recipe.base}\n{data}".lower()),
        "loss": _finite(run.loss),
        "tokens_per_second": _finite(run.tokens_per_second),
        "training_seconds": run.training_seconds or None,
    }


def matching(connection: Connection, query: RunQuery, limit: int, before: str | None) -> Select[int] | None:
    """Selects the `seq` of a page of runs; None when `before` is no run."""
    conditions = _conditions(query)
    if before is not None:
        last = _last_of(connection, query, before)
        if last is None:
            return None
        conditions.append(_beyond(query, last))
    return select(runs.c.seq).where(*conditions).order_by(*_order(query, _column(query))).limit(limit)


def order_of(query: RunQuery) -> tuple[ColumnElement[Any], ...]:
    return _order(query, _COLUMNS[query.sort])


def _order(query: RunQuery, column: ColumnElement[Any]) -> tuple[ColumnElement[Any], ...]:
    first = column.desc() if query.is_descending else column.asc()
    return (first,) if query.sort == "made" else (first.nulls_last(), runs.c.seq.desc())


def _looks_through(query: RunQuery) -> bool:
    """SQLite shall look through `runs_as_listed` alone. Plain columns lead it to other indexes and whole bodies."""
    return query.sort != "made" or bool(query.method or query.base or query.text)


def _seq(query: RunQuery) -> ColumnElement[int]:
    return runs.c.seq + 0 if _looks_through(query) else runs.c.seq


def _column(query: RunQuery) -> ColumnElement[Any]:
    return _seq(query) if query.sort == "made" else _COLUMNS[query.sort]


class _Last(NamedTuple):
    """Where the page before ended."""

    value: Any
    seq: int


def _conditions(query: RunQuery) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if query.states is not None:
        state = runs.c.state.concat("") if _looks_through(query) else runs.c.state
        found.append(state.in_(sorted(state.value for state in query.states)))
    if query.method:
        found.append(runs.c.method == query.method)
    if query.base:
        found.append(runs.c.base == query.base)
    if query.sweep:
        found.append(runs.c.sweep_id == query.sweep)
    found += [runs.c.words.contains(word, autoescape=True) for word in _storable(query.text.lower()).split()]
    return found


def _last_of(connection: Connection, query: RunQuery, run_id: str) -> _Last | None:
    found = connection.execute(select(_COLUMNS[query.sort], runs.c.seq).where(runs.c.run_id == run_id)).first()
    return _Last(*found) if found else None


def _beyond(query: RunQuery, last: _Last) -> ColumnElement[bool]:
    column = _column(query)
    older = _seq(query) < last.seq
    if last.value is None:
        is_unknown = case((column.is_(None), 1), else_=0)  # a plain "is null" would lead SQLite to the bodies, too
        return and_(is_unknown == 1, older)
    further = column < last.value if query.is_descending else column > last.value
    return further if query.sort == "made" else or_(further, and_(column == last.value, older), column.is_(None))


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def _storable(text: str) -> str:
    """PostgreSQL keeps every character but one."""
    return text.replace("\0", " ")
