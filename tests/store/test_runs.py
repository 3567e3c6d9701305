import itertools

import pytest

from luthier.domain.errors import Action, Problem
from luthier.domain.run_states import RunState
from luthier.domain.runs import Run, RunNameAmbiguous, RunNotFound
from luthier.store import Store
from tests.builders import a_moment, a_recipe, a_run


def added(store: Store, *runs: Run) -> None:
    with store.writing() as tx:
        for run in runs:
            tx.runs.add(run)


def test_a_run_comes_back_exactly_as_it_was_stored(store: Store) -> None:
    run = a_run(
        recipe=a_recipe(name='Ève\'s "orders" \0 ✓', settings={"learning_rate": 3e-4, "max_steps": 20}),
        problem=Problem(code="disk.full", sentence="No space.", actions=(Action(label="Free some"),), fields={"n": 1}),
        loss=0.1 + 0.2,
        beat_at=a_moment(3),
        summary={"base": 0.0, "intervals": [[0.0, 0.06], [0.9, 1.0]]},
    )
    added(store, run)
    with store.reading() as tx:
        assert tx.runs.get(run.run_id) == run


def test_an_unknown_id_gives_nothing(store: Store) -> None:
    with store.reading() as tx:
        assert tx.runs.get("run_none") is None


def test_an_update_replaces_the_whole_run_and_what_it_is_found_by(store: Store) -> None:
    run = a_run()
    added(store, run)
    changed = run.model_copy(update={"name": "renamed", "state": RunState.RUNNING, "step": 12})
    with store.writing() as tx:
        tx.runs.update(changed)
    with store.reading() as tx:
        assert tx.runs.find("renamed") == changed
        assert tx.runs.list(states={RunState.RUNNING}) == [changed]
        assert tx.runs.list(states={RunState.QUEUED}) == []


def test_an_update_of_a_run_that_was_never_added_is_refused(store: Store) -> None:
    with pytest.raises(RunNotFound), store.writing() as tx:
        tx.runs.update(a_run())


def test_a_run_is_found_by_id_by_name_and_by_the_beginning_of_its_id(store: Store) -> None:
    one, other = a_run(run_id="run_01abc111", name="orders"), a_run(run_id="run_01abd222", name="letters")
    added(store, one, other)
    with store.reading() as tx:
        for reference in ("run_01abc111", "orders", "run_01abc", "01abc", "01ABC1"):
            assert tx.runs.find(reference) == one


def test_a_name_wins_over_the_beginning_of_another_runs_id(store: Store) -> None:
    named, other = a_run(run_id="run_01xyz", name="01abc"), a_run(run_id="run_01abc999", name="orders")
    added(store, named, other)
    with store.reading() as tx:
        assert tx.runs.find("01abc") == named


@pytest.mark.parametrize("reference", ["01ab", "run_01ab", "twice"])
def test_a_reference_that_fits_two_runs_names_both_instead_of_picking_one(store: Store, reference: str) -> None:
    added(store, a_run(run_id="run_01abc111", name="twice"), a_run(run_id="run_01abd222", name="twice"))
    with store.reading() as tx, pytest.raises(RunNameAmbiguous) as caught:
        tx.runs.find(reference)
    assert "run_01abc111" in str(caught.value)
    assert "run_01abd222" in str(caught.value)


@pytest.mark.parametrize("reference", ["", "run_", "%", "_", "run_%", "orders%", "01abc' OR '1'='1", "\\"])
def test_patterns_and_quotes_in_a_reference_find_nothing(store: Store, reference: str) -> None:
    added(store, a_run(run_id="run_01abc111", name="orders"))
    with store.reading() as tx, pytest.raises(RunNotFound):
        tx.runs.find(reference)


def test_runs_are_listed_in_the_order_they_were_added_whatever_their_ids_and_clocks_say(store: Store) -> None:
    first, second, third = a_run(run_id="run_9"), a_run(run_id="run_1", created_at=a_moment(-60)), a_run(run_id="run_5")
    added(store, first, second, third)
    with store.reading() as tx:
        assert tx.runs.list() == [third, second, first]


def test_pages_of_runs_follow_each_other_without_gap_or_repetition(store: Store) -> None:
    runs = [a_run(name=f"orders-{number}") for number in range(7)]
    added(store, *runs)
    with store.reading() as tx:
        pages = []
        before = None
        while page := tx.runs.list(limit=3, before=before):
            pages.append(page)
            before = page[-1].run_id
    assert list(itertools.chain(*pages)) == runs[::-1]


def test_asking_for_no_state_at_all_lists_nothing(store: Store) -> None:
    added(store, a_run())
    with store.reading() as tx:
        assert tx.runs.list(states=set()) == []


def test_those_that_wait_come_by_rank_then_ticket_and_only_from_their_own_workspace(store: Store) -> None:
    first, second, urgent = a_run(ticket=1), a_run(ticket=2), a_run(ticket=3, priority="high")
    added(store, a_run(state=RunState.RUNNING), second, urgent, first, a_run(ticket=0, home="ws_elsewhere"))
    with store.reading() as tx:
        assert tx.runs.queued("ws_here", 10) == [urgent, first, second]
        assert tx.runs.queued("ws_here", 1) == [urgent]


def test_nothing_waits_when_nothing_is_queued(store: Store) -> None:
    added(store, a_run(state=RunState.PAUSED))
    with store.reading() as tx:
        assert tx.runs.queued("", 10) == []


def test_a_stem_with_pattern_characters_is_taken_literally(store: Store) -> None:
    added(store, a_run(name="axb-5"), a_run(name="a.b"))
    with store.reading() as tx:
        assert tx.runs.next_name("a.b") == "a.b-2"
        assert tx.runs.next_name("a_b") == "a_b"
