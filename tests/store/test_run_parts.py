"""What belongs to a run: attempts, metrics, checkpoints."""

import math

import pytest
from sqlalchemy.exc import IntegrityError

from luthier.domain.runs import MetricPoint
from luthier.store import Store
from tests.builders import a_checkpoint, a_moment, a_run, an_attempt


@pytest.fixture
def run_id(store: Store) -> str:
    run = a_run()
    with store.writing() as tx:
        tx.runs.add(run)
    return run.run_id


def test_an_attempt_that_is_put_again_replaces_itself(store: Store, run_id: str) -> None:
    first, second = an_attempt(), an_attempt(number=2, token=2)
    ended = first.model_copy(update={"ended_at": a_moment(9), "journal_offset": 4096})
    with store.writing() as tx:
        tx.attempts.put(run_id, first)
        tx.attempts.put(run_id, second)
        tx.attempts.put(run_id, ended)
    with store.reading() as tx:
        assert tx.attempts.get(run_id, 1) == ended
        assert tx.attempts.get(run_id, 3) is None
        assert tx.attempts.list(run_id) == [ended, second]


def test_a_step_that_is_trained_again_after_a_kill_replaces_its_values(store: Store, run_id: str) -> None:
    with store.writing() as tx:
        tx.metrics.put(
            run_id, [MetricPoint(step=1, name="loss", value=2.5), MetricPoint(step=2, name="loss", value=2.0)]
        )
        tx.metrics.put(run_id, [MetricPoint(step=2, name="loss", value=1.9)])
    with store.reading() as tx:
        assert [(point.step, point.value) for point in tx.metrics.list(run_id)] == [(1, 2.5), (2, 1.9)]


def test_metrics_are_chosen_by_name_and_by_what_was_seen_already(store: Store, run_id: str) -> None:
    points = [
        MetricPoint(step=step, name=name, value=step / 7) for step in range(4) for name in ("held_out_loss", "loss")
    ]
    with store.writing() as tx:
        tx.metrics.put(run_id, reversed(points))
        tx.metrics.put(run_id, [])
    with store.reading() as tx:
        assert tx.metrics.list(run_id) == points
        assert tx.metrics.list(run_id, names=["loss"], after_step=1) == [points[5], points[7]]
        assert tx.metrics.list(run_id, names=[]) == []


@pytest.mark.parametrize("value", [math.inf, -math.inf, 5e-324, 0.1 + 0.2])
def test_a_metric_keeps_its_full_precision(store: Store, run_id: str, value: float) -> None:
    with store.writing() as tx:
        tx.metrics.put(run_id, [MetricPoint(step=1, name="gradient_norm", value=value)])
    with store.reading() as tx:
        assert tx.metrics.list(run_id)[0].value.hex() == value.hex()


def test_a_metric_that_is_not_a_number_stays_one(store: Store, run_id: str) -> None:
    with store.writing() as tx:
        tx.metrics.put(run_id, [MetricPoint(step=1, name="loss", value=math.nan)])
    with store.reading() as tx:
        assert math.isnan(tx.metrics.list(run_id)[0].value)


def test_checkpoints_are_listed_newest_first_and_forgotten_one_by_one(store: Store, run_id: str) -> None:
    early, late = a_checkpoint(run_id, 15), a_checkpoint(run_id, 120)
    again = a_checkpoint(run_id, 120, bytes=1)
    with store.writing() as tx:
        for checkpoint in (early, late, again):
            tx.checkpoints.put(checkpoint)
    with store.writing() as tx:
        assert tx.checkpoints.list(run_id) == [again, early]
        tx.checkpoints.drop(run_id, 15)
        tx.checkpoints.drop(run_id, 15)
        assert tx.checkpoints.list(run_id) == [again]


def test_nothing_can_be_kept_for_a_run_that_does_not_exist(store: Store) -> None:
    with pytest.raises(IntegrityError), store.writing() as tx:
        tx.attempts.put("run_none", an_attempt())
