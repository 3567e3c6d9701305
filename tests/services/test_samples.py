"""Samples over time: what the page shows of the answers that a worker told of."""

from typing import Any

import pytest

from luthier.domain.runs import Run
from luthier.services.samples import Samples
from luthier.store import Store
from tests.builders import a_moment, a_run


@pytest.fixture
def run(store: Store) -> Run:
    run = a_run()
    with store.writing() as tx:
        tx.runs.add(run)
    return run


def happened(store: Store, run: Run, kind: str, **body: Any) -> None:
    with store.writing() as tx:
        tx.events.append(kind, run.run_id, "worker", body, a_moment())


def answered(store: Store, run: Run, step: int, text: str, row: int = 1) -> None:
    happened(store, run, "run.answer", step=step, row=row, prompt=f"Question {row}", expected="12 pegs", text=text)


def test_answers_stand_in_the_order_of_steps_and_equal_neighbours_are_one(store: Store, run: Run) -> None:
    for step, text in ((0, "Hello"), (5, "Hello"), (10, "pegs"), (15, "12 pegs")):
        answered(store, run, step, text)
        answered(store, run, step, "never changes", row=2)
    first, second = Samples(store).over_time(run.run_id)
    assert [(each.first_step, each.last_step, each.text) for each in first.answers] == [
        (0, 5, "Hello"),
        (10, 10, "pegs"),
        (15, 15, "12 pegs"),
    ]
    assert [each.is_expected for each in first.answers] == [False, False, True]
    assert [(each.first_step, each.last_step) for each in second.answers] == [(0, 15)]


def test_a_measurement_that_is_repeated_after_a_kill_counts_once_with_its_last_answer(store: Store, run: Run) -> None:
    for text in ("first try", "second try"):
        answered(store, run, 5, text)
    (question,) = Samples(store).over_time(run.run_id)
    assert [each.text for each in question.answers] == ["second try"]


def test_a_run_that_was_begun_again_shows_nothing_of_before(store: Store, run: Run) -> None:
    answered(store, run, 50, "of the first time")
    happened(store, run, "run.state", state="queued", move="retry", cause="asked to begin again", step=0)
    assert Samples(store).over_time(run.run_id) == []
    answered(store, run, 0, "of the second time")
    (question,) = Samples(store).over_time(run.run_id)
    assert [each.text for each in question.answers] == ["of the second time"]


def test_more_answers_than_a_page_of_events_are_all_found(store: Store, run: Run) -> None:
    for step in range(700):
        answered(store, run, step, f"answer {step}")
    (question,) = Samples(store).over_time(run.run_id)
    assert len(question.answers) == 700
