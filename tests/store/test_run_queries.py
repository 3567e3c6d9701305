"""Lists of runs: filtered, sorted, and one page after the other without gap or repetition, on both databases."""

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import event, text

from luthier.domain.run_queries import RunQuery, RunSort
from luthier.domain.run_states import RunState
from luthier.domain.runs import Run
from luthier.domain.sweeps import SweepMember
from luthier.store import Store, migrations, open_store
from luthier.store.connecting import Mode, begin, engine_for
from luthier.store.runs import Runs
from tests.builders import a_recipe, a_run
from tests.store.conftest import Place

SORTS: tuple[RunSort, ...] = get_args(RunSort)


@pytest.fixture
def runs(store: Store) -> list[Run]:
    """Sixteen: two are alike in everything but their id, one in four has not begun, one loss is no number."""
    made = [
        a_run(
            name=f"Orders-{number % 8}",
            state=RunState.QUEUED if number % 4 == 0 else RunState.COMPLETED,
            recipe=a_recipe(
                name=f"Orders-{number % 8}",
                base="starter" if number % 2 else "/models/Tiny",
                data=f"/data/Set-{number % 3}.jsonl",
                method="dpo" if number % 5 == 0 else "sft",
            ),
            sweep=SweepMember(sweep_id=f"sweep_{number % 2}", values={"seed": number}) if number < 4 else None,
            **({} if number % 4 == 0 else _figures(number)),
        )
        for number in range(16)
    ]
    with store.writing() as tx:
        for run in made:
            tx.runs.add(run)
    return made


def _figures(number: int) -> dict[str, Any]:
    loss = float("nan") if number == 5 else 1 / (1 + number % 7)
    return {"loss": loss, "tokens_per_second": 100.0 + number % 6, "training_seconds": 3.3 * (number % 5 + 1)}


def paged(store: Store, query: RunQuery, size: int = 3) -> list[Run]:
    found: list[Run] = []
    with store.reading() as tx:
        while page := tx.runs.matching(query, size, found[-1].run_id if found else None):
            found += page
    return found


def _value(run: Run, sort: RunSort) -> Any:
    return {
        "name": run.name,
        "state": run.state.value,
        "loss": run.loss,
        "speed": run.tokens_per_second,
        "duration": run.training_seconds or None,
    }[sort]


@pytest.mark.parametrize(("sort", "reverse"), list(itertools.product(SORTS, (False, True))))
def test_every_run_comes_once_and_in_order_whatever_the_pages(
    store: Store, runs: list[Run], sort: RunSort, reverse: bool
) -> None:
    query = RunQuery(sort=sort, reverse=reverse)
    found = paged(store, query)
    assert sorted(run.run_id for run in found) == sorted(run.run_id for run in runs)
    if sort == "made":
        assert [run.run_id for run in found] == [run.run_id for run in (runs if reverse else reversed(runs))]
        return
    values = [_value(run, sort) for run in found]
    known = [value for value in values if value is not None]
    assert values[: len(known)] == sorted(known, reverse=query.is_descending), "what is not known comes last"


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (RunQuery(states=frozenset({RunState.QUEUED})), {0, 4, 8, 12}),
        (RunQuery(method="dpo"), {0, 5, 10, 15}),
        (RunQuery(base="/models/Tiny", method="dpo"), {0, 10}),
        (RunQuery(sweep="sweep_1"), {1, 3}),
        (RunQuery(text="ORDERS-3"), {3, 11}),
        (RunQuery(text="set-1 tiny"), {4, 10}),
        (RunQuery(text="%"), set()),
        (RunQuery(states=frozenset()), set()),
    ],
)
def test_a_filter_leaves_only_what_it_names(store: Store, runs: list[Run], query: RunQuery, expected: set[int]) -> None:
    assert {run.run_id for run in paged(store, query)} == {runs[number].run_id for number in expected}


def test_what_changes_of_a_run_is_what_it_is_sorted_by_next(store: Store, runs: list[Run]) -> None:
    with store.writing() as tx:
        tx.runs.update(runs[0].model_copy(update={"loss": 0.001}))
    assert paged(store, RunQuery(sort="loss"))[0].run_id == runs[0].run_id


def test_a_page_after_no_run_is_empty(store: Store, runs: list[Run]) -> None:
    with store.reading() as tx:
        assert tx.runs.matching(RunQuery(), 5, "run_none") == []


def test_bases_are_told_once_each(store: Store, runs: list[Run]) -> None:
    with store.reading() as tx:
        assert list(tx.runs.bases()) == ["/models/Tiny", "starter"]


@pytest.mark.parametrize(("sort", "page"), [(sort, page) for sort in SORTS for page in ("first", "next")])
def test_the_bodies_of_other_runs_are_not_read_on_the_way(tmp_path: Path, sort: RunSort, page: str) -> None:
    """For one page of ten thousand runs, that would be ten thousand bodies from the disk."""
    store, run = open_store(tmp_path / "luthier.db"), a_run(loss=1.0, state=RunState.COMPLETED)
    with store.writing() as tx:
        tx.runs.add(run)
    store.close()
    query = RunQuery(sort=sort, text="orders", method="sft", states=frozenset({RunState.COMPLETED}))
    engine, asked = engine_for(tmp_path / "luthier.db", 5), list[tuple[str, Any]]()
    event.listen(engine, "before_cursor_execute", lambda *said: asked.append((said[2], said[3])))
    with begin(engine, Mode.READ) as connection:
        Runs(connection).matching(query, 25, run.run_id if page == "next" else None)
        statement, given = asked[-1]
        plan = [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", given)]
    engine.dispose()
    assert any("COVERING INDEX runs_as_listed" in line for line in plan), plan


def test_runs_of_older_databases_are_found_by_what_their_bodies_say(
    empty_place: Callable[[], Place], runs: list[Run]
) -> None:
    other = empty_place()
    engine = engine_for(other, 5)
    with begin(engine, Mode.MIGRATE) as connection:
        config = Config()
        config.set_main_option("script_location", str(Path(str(migrations.__file__)).parent))
        config.attributes["connection"] = connection
        command.upgrade(config, "0008")
    columns = ("run_id", "name", "state", "home", "rank", "ticket", "body")
    insert = text(f"INSERT INTO runs ({', '.join(columns)}) VALUES ({', '.join(f':{name}' for name in columns)})")
    with begin(engine, Mode.WRITE) as connection:
        for run in runs:
            row = {name: getattr(run, name) for name in columns[:2] + columns[3:6]}
            connection.execute(insert, {**row, "state": run.state.value, "body": run.model_dump_json()})
    engine.dispose()
    migrated = open_store(other)
    for query in (RunQuery(sort="loss"), RunQuery(sort="speed"), RunQuery(method="dpo"), RunQuery(text="set-1 tiny")):
        assert [run.run_id for run in paged(migrated, query)] == [run.run_id for run in _expected(runs, query)]
    migrated.close()


def _expected(runs: list[Run], query: RunQuery) -> list[Run]:
    """The newest first, as a plain list would be."""
    newest = runs[::-1]
    if query.method:
        return [run for run in newest if run.recipe.method == query.method]
    if query.text:
        return [runs[number] for number in (10, 4)]
    known = [run for run in newest if (value := _value(run, query.sort)) is not None and value == value]
    known.sort(key=lambda run: _value(run, query.sort), reverse=query.is_descending)
    return known + [run for run in newest if run not in known]
