import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from luthier.domain.workspace_errors import StoreBusy, StoreNotWritable
from luthier.store import Store, open_store
from tests.builders import a_moment, a_run
from tests.store.conftest import Place
from tests.store.processes import start


def tick(store: Store) -> int:
    with store.writing() as tx:
        return tx.events.append("tick", None, "user", {}, a_moment())


def test_an_error_inside_a_transaction_undoes_all_of_it(store: Store) -> None:
    with pytest.raises(ZeroDivisionError), store.writing() as tx:
        tx.runs.add(a_run())
        tx.events.append("tick", None, "user", {}, a_moment())
        raise ZeroDivisionError
    with store.reading() as tx:
        assert tx.runs.list() == []
        assert tx.events.latest_seq() == 0


def test_a_transaction_inside_another_is_refused_instead_of_waiting_for_itself(store: Store) -> None:
    for outer in (store.writing, store.reading):
        for inner in (store.writing, store.reading):
            with outer(), pytest.raises(RuntimeError, match="already open"), inner():
                pass
    tick(store)


def test_reading_cannot_write(store: Store) -> None:
    with pytest.raises(StoreNotWritable), store.reading() as tx:
        tx.events.append("tick", None, "user", {}, a_moment())
    assert tick(store)


def test_a_reader_sees_one_moment_while_others_write(store: Store) -> None:
    tick(store)
    with ThreadPoolExecutor(1) as pool, store.reading() as tx:
        before = tx.events.latest_seq()
        writer = pool.submit(tick, store)
        time.sleep(0.2)
        assert tx.events.latest_seq() == before
        assert not writer.done() or writer.result() > before
    with store.reading() as tx:
        assert tx.events.latest_seq() == writer.result()


def test_threads_that_share_a_store_wait_for_each_other_and_lose_nothing(store: Store) -> None:
    def add(_: int) -> None:
        with store.writing() as tx:
            tx.runs.add(a_run(name=tx.runs.next_name("orders")))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(add, range(24)))
    with store.reading() as tx:
        names = {run.name for run in tx.runs.list()}
    assert names == {"orders", *(f"orders-{number}" for number in range(2, 25))}


def test_processes_that_share_a_store_never_take_the_same_name(place: Place, store: Store) -> None:
    processes = [start("add-runs", place, 8) for _ in range(3)]
    assert [process.wait(60) for process in processes] == [0, 0, 0]
    with store.reading() as tx:
        names = {run.name for run in tx.runs.list()}
    assert names == {"orders", *(f"orders-{number}" for number in range(2, 25))}


def test_events_become_visible_in_the_order_of_their_numbers(store: Store) -> None:
    """A watcher that has seen number 5 never looks for number 4 again."""
    stop = threading.Event()

    def write() -> None:
        while not stop.is_set():
            tick(store)

    seen: list[int] = []
    with ThreadPoolExecutor(3) as pool:
        writers = [pool.submit(write) for _ in range(3)]
        while len(seen) < 150:
            with store.reading() as tx:
                seen += [event.seq for event in tx.events.after(seen[-1] if seen else 0)]
        stop.set()
        for writer in writers:
            writer.result()
    with store.reading() as tx:
        assert seen == [event.seq for event in tx.events.after(0, limit=len(seen))]


def test_a_writer_that_is_killed_loses_nothing_that_it_had_confirmed(place: Place, store: Store) -> None:
    chance = random.Random(5)
    confirmed: list[int] = []
    for _ in range(5):
        process = start("append", place)
        assert process.stdout
        confirmed.append(int(process.stdout.readline()))
        time.sleep(chance.uniform(0, 0.1))
        process.kill()
        confirmed += [int(line) for line in process.stdout.read().splitlines(keepends=True) if line.endswith("\n")]
        process.wait()
    again = open_store(place)
    with again.reading() as tx:
        kept = {event.seq for event in tx.events.after(0, limit=100_000)}
    again.close()
    assert set(confirmed) <= kept


def test_a_writer_that_is_killed_in_the_middle_leaves_nothing_of_it_and_blocks_nobody(
    place: Place, store: Store
) -> None:
    process = start("keep-writing", place)
    assert process.stdout
    assert process.stdout.readline() == "writing\n"
    process.kill()
    process.wait()
    with store.reading() as tx:
        assert tx.events.after(0) == []
    assert tick(store)


def test_who_is_kept_waiting_too_long_is_told_so(place: Place, store: Store) -> None:
    impatient = open_store(place, wait_seconds=0.2)
    with store.writing(), ThreadPoolExecutor(1) as pool, pytest.raises(StoreBusy):
        pool.submit(tick, impatient).result()
    assert tick(impatient)
    impatient.close()
