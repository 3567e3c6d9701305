from luthier.store import Store
from tests.builders import a_moment, a_run


def test_an_event_comes_back_as_it_was_appended(store: Store) -> None:
    body = {"step": 3, "loss": 0.1 + 0.2, "seconds_left": [1.5, None], "text": "née ✓ \u2028 \0"}
    with store.writing() as tx:
        seq = tx.events.append("run.progress", None, "worker", body, a_moment())
    with store.reading() as tx:
        [event] = tx.events.after(0)
    assert (event.seq, event.kind, event.run_id, event.author) == (seq, "run.progress", None, "worker")
    assert (event.at, event.body) == (a_moment(), body)


def test_a_watcher_reads_on_after_the_last_number_it_saw(store: Store) -> None:
    with store.writing() as tx:
        numbers = [tx.events.append("tick", None, "user", {"n": n}, a_moment(-n)) for n in range(10)]
    with store.reading() as tx:
        first = tx.events.after(0, limit=4)
        rest = tx.events.after(first[-1].seq)
        assert [event.body["n"] for event in first + rest] == list(range(10))
        assert tx.events.latest_seq() == numbers[-1]


def test_events_are_chosen_by_run_and_by_kind(store: Store) -> None:
    one, other = a_run(), a_run(name="other")
    with store.writing() as tx:
        for run in (one, other):
            tx.runs.add(run)
            tx.events.append("run.state", run.run_id, "user", {}, a_moment())
            tx.events.append("run.sample", run.run_id, "worker", {}, a_moment())
        tx.events.append("run.sample", None, "worker", {}, a_moment())
    with store.reading() as tx:
        assert [event.kind for event in tx.events.after(0, run_id=one.run_id)] == ["run.state", "run.sample"]
        [sample] = tx.events.after(0, run_id=other.run_id, kinds=("run.sample",))
        assert sample.run_id == other.run_id


def test_the_number_of_an_event_that_was_undone_is_never_seen(store: Store) -> None:
    class Undo(Exception): ...

    try:
        with store.writing() as tx:
            tx.events.append("tick", None, "user", {}, a_moment())
            raise Undo
    except Undo:
        pass
    with store.reading() as tx:
        assert tx.events.latest_seq() == 0
        assert tx.events.after(0) == []
