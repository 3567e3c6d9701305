"""Curves as they are drawn: nothing that a person would look for is lost on the way to a few hundred buckets."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from luthier.domain.curves import StepRange
from luthier.domain.runs import MetricPoint
from luthier.services.curves import Curves, thin, width_for
from luthier.store import Store
from tests.builders import a_run


@pytest.fixture
def run_id(store: Store) -> str:
    run = a_run()
    with store.writing() as tx:
        tx.runs.add(run)
    return run.run_id


def measured(store: Store, run_id: str, values: dict[int, float], name: str = "loss") -> None:
    with store.writing() as tx:
        tx.metrics.put(run_id, (MetricPoint(step=step, name=name, value=value) for step, value in values.items()))


@given(first=st.integers(0, 10**7), length=st.integers(0, 10**7), most=st.integers(2, 4_000))
def test_a_range_of_any_length_fits_in_the_buckets_asked_for(first: int, length: int, most: int) -> None:
    width = width_for(first, first + length, most)
    assert (first + length) // width - first // width < most
    assert width == 1 or (first + length) // (width // 2) - first // (width // 2) >= most


def test_every_spike_is_in_a_bucket_and_every_point_is_counted(store: Store, run_id: str) -> None:
    values = dict.fromkeys(range(1, 5_001), 1.0) | {1_234: 99.0, 4_321: -7.0}
    measured(store, run_id, values)
    (curve,) = Curves(store).curves(run_id, ("loss",), StepRange(), 200)
    assert len(curve.buckets) <= 200
    assert sum(bucket.points for bucket in curve.buckets) == curve.points == 5_000
    assert max(bucket.high for bucket in curve.buckets if bucket.high is not None) == 99.0
    assert min(bucket.low for bucket in curve.buckets if bucket.low is not None) == -7.0
    assert (curve.buckets[0].first_step, curve.buckets[-1].last_step) == (1, 5_000)


def test_values_that_are_not_finite_are_counted_and_spoil_no_mean(store: Store, run_id: str) -> None:
    measured(store, run_id, {1: 2.0, 2: math.nan, 3: math.inf, 4: 4.0, 64: math.nan})
    (curve,) = Curves(store).curves(run_id, ("loss",), StepRange(), 2)
    assert curve.buckets[0] == (1, 4, 4, 3.0, 2.0, 4.0)
    assert curve.buckets[1] == (64, 64, 1, None, None, None)


def test_curves_share_their_buckets_so_that_they_can_be_drawn_over_each_other(store: Store, run_id: str) -> None:
    measured(store, run_id, dict.fromkeys(range(1, 1_001), 1.0))
    measured(store, run_id, {0: 3.0, 500: 2.0}, "held_out_loss")
    loss, held_out = Curves(store).curves(run_id, ("loss", "held_out_loss", "nothing"), StepRange(), 100)
    assert loss.bucket_steps == held_out.bucket_steps == 16
    assert [bucket.first_step for bucket in held_out.buckets] == [0, 500]


def test_a_closer_look_shows_the_points_themselves(store: Store, run_id: str) -> None:
    measured(store, run_id, {step: step / 3 for step in range(1, 10_001)})
    (curve,) = Curves(store).curves(run_id, ("loss",), StepRange(first_step=700, last_step=760), 100)
    assert [bucket.mean for bucket in curve.buckets] == [step / 3 for step in range(700, 761)]


def test_a_curve_without_points_is_not_there(store: Store, run_id: str) -> None:
    assert Curves(store).curves(run_id, ("loss",), StepRange(), 100) == []
    assert Curves(store).sketch(run_id, "loss", 100) == []


def test_each_metric_is_thinned_by_itself(store: Store, run_id: str) -> None:
    measured(store, run_id, {step: step % 5 for step in range(1, 101)})
    measured(store, run_id, {1: 1.0, 50: 2.0}, "held_out_loss")
    thinned = Curves(store).thinned(run_id, None, -1, 10)
    assert {name: len(points) <= 10 for name, points in thinned.items()} == {"held_out_loss": True, "loss": True}
    assert [point.value for point in thinned["held_out_loss"]] == [1.0, 2.0]


def test_the_newest_value_of_each_metric_is_found(store: Store, run_id: str) -> None:
    measured(store, run_id, {1: 1.0, 7: 0.5})
    measured(store, run_id, {3: 0.9}, "cpu_share")
    newest = Curves(store).latest(run_id, ("loss", "cpu_share", "power_watts"))
    assert {name: (point.step, point.value) for name, point in newest.items()} == {
        "loss": (7, 0.5),
        "cpu_share": (3, 0.9),
    }


@settings(deadline=None)
@given(values=st.lists(st.integers(-50, 50), min_size=1, max_size=300), most=st.integers(4, 60))
def test_a_thinned_curve_keeps_its_ends_and_its_extremes_and_invents_nothing(values: list[int], most: int) -> None:
    points = [MetricPoint(step=step, name="loss", value=value) for step, value in enumerate(values)]
    kept = list(thin(iter(points), len(points), most))
    assert len(kept) <= max(most, 1)
    assert set(map(repr, kept)) <= set(map(repr, points))
    assert (kept[0], kept[-1]) == (points[0], points[-1])
    assert [point.step for point in kept] == sorted({point.step for point in kept})
    found = [point.value for point in kept]
    assert (min(found), max(found)) == (min(values), max(values))
