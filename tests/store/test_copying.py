from collections.abc import Callable
from pathlib import Path

import pytest

from luthier.domain.runs import MetricPoint
from luthier.store import Store, open_store
from tests.builders import a_checkpoint, a_dataset, a_moment, a_run, a_version, an_attempt
from tests.store.conftest import Place


@pytest.fixture
def filled(store: Store) -> Store:
    run = a_run()
    with store.writing() as tx:
        tx.datasets.add(a_dataset())
        tx.runs.add(run)
        tx.attempts.put(run.run_id, an_attempt())
        tx.checkpoints.put(a_checkpoint(run.run_id, 5))
        tx.metrics.put(run.run_id, [MetricPoint(step=step, name="loss", value=step / 7) for step in range(12_000)])
        for number in range(3):
            tx.events.append("tick", run.run_id, "user", {"number": number}, a_moment(number))
        tx.versions.add(a_version(run_id=run.run_id))
        tx.sessions.add("ab" * 32, "key", a_moment(), None)
    return store


def all_of(store: Store) -> tuple[object, ...]:
    with store.reading() as tx:
        runs = list(tx.runs.all())
        inside = [(tx.attempts.list(r.run_id), tx.checkpoints.list(r.run_id), tx.metrics.list(r.run_id)) for r in runs]
        return runs, inside, tx.events.after(0), tx.datasets.list(), tx.versions.list()


def nothing() -> None: ...


def test_a_copy_holds_every_row_and_comes_back_into_an_empty_store(
    filled: Store, place: Place, tmp_path: Path, empty_place: Callable[[], Place]
) -> None:
    filled.copy_to(tmp_path / "copy.db")
    copy, target = open_store(tmp_path / "copy.db"), open_store(empty_place())
    assert all_of(copy) == all_of(filled)
    with target.writing() as tx:
        tx.sessions.add("cd" * 32, "key", a_moment(), None)  # somebody has signed in already
    target.take_from(tmp_path / "copy.db", nothing)
    assert all_of(target) == all_of(filled)
    with target.writing() as tx:
        seq = tx.events.append("tick", None, "user", {}, a_moment())
        tx.runs.add(a_run())
    assert seq == all_of(filled)[2][-1].seq + 1, "numbers go on where they were"  # type: ignore[index]
    for each in (copy, target):
        each.close()


def test_a_store_with_rows_takes_nothing_in(filled: Store, tmp_path: Path) -> None:
    filled.copy_to(tmp_path / "copy.db")
    before = all_of(filled)
    assert not filled.is_empty()
    with pytest.raises(RuntimeError):
        filled.take_from(tmp_path / "copy.db", nothing)
    assert all_of(filled) == before


def test_what_fails_before_the_commit_leaves_the_store_empty(
    filled: Store, tmp_path: Path, empty_place: Callable[[], Place]
) -> None:
    def fail() -> None:
        raise ZeroDivisionError

    filled.copy_to(tmp_path / "copy.db")
    target = open_store(empty_place())
    with pytest.raises(ZeroDivisionError):
        target.take_from(tmp_path / "copy.db", fail)
    assert target.is_empty()
    target.close()


def test_events_put_in_order_of_time_keep_the_order_within_a_run(store: Store) -> None:
    first, second = a_run(name="first"), a_run(name="second")
    with store.writing() as tx:
        for run in (first, second):
            tx.runs.add(run)
        for run, moment in ((first, 5), (first, 3), (first, 9), (second, 1), (second, 6)):
            tx.events.append("tick", run.run_id, "user", {"moment": moment}, a_moment(moment))
        tx.events.put_in_order_of_time(above=100)
        found = [(event.seq, event.body["moment"]) for event in tx.events.after(0)]
        later = tx.events.append("tick", None, "user", {}, a_moment())
    assert [moment for _, moment in found] == [1, 5, 3, 6, 9]
    assert [seq for seq, _ in found] == [101, 102, 103, 104, 105]
    assert later > 105
