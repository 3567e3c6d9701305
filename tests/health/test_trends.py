"""The colour of a loss follows its trend, whatever the noise, the scale and the length."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from luthier.domain.curves import Bucket
from luthier.health.trends import trend_limits, zones_of


def drawn(values: list[float]) -> list[Bucket]:
    return [Bucket(step, step, 1, value, value, value) for step, value in enumerate(values, 1)]


def share_of(trend: str, values: list[float]) -> float:
    zones = zones_of(drawn(values))
    length = sum(zone.last_step - zone.first_step for zone in zones if zone.trend == trend)
    return length / sum(zone.last_step - zone.first_step for zone in zones)


noise = st.floats(0.001, 0.05)
scale = st.floats(0.01, 100)
length = st.integers(60, 700)
seeds = st.integers(0, 10**6)


def noisy(course: "np.ndarray[tuple[int], np.dtype[np.float64]]", spread: float, seed: int) -> list[float]:
    chance = np.random.default_rng(seed)
    return list(course * (1 + spread * chance.standard_normal(len(course))))


@settings(deadline=None)
@given(scale, noise, length, seeds)
def test_a_falling_loss_is_called_improving(size: float, spread: float, count: int, seed: int) -> None:
    assert share_of("improving", noisy(np.linspace(3 * size, size, count), spread / 2, seed)) > 0.7


@settings(deadline=None)
@given(scale, noise, length, seeds)
def test_a_climbing_loss_is_called_rising(size: float, spread: float, count: int, seed: int) -> None:
    assert share_of("rising", noisy(np.linspace(size, 3 * size, count), spread / 2, seed)) > 0.7


@settings(deadline=None)
@given(scale, noise, length, seeds)
def test_noise_alone_is_mostly_flat(size: float, spread: float, count: int, seed: int) -> None:
    assert share_of("flat", noisy(np.full(count, size), spread, seed)) > 0.6


def test_a_loss_that_falls_and_then_climbs_turns_where_it_turns() -> None:
    zones = zones_of(drawn(noisy(np.abs(np.linspace(-2, 2, 400)) + 0.5, 0.01, 7)))
    assert [zone.trend for zone in zones if zone.trend != "flat"] == ["improving", "rising"]
    assert abs(next(zone for zone in zones if zone.trend == "rising").first_step - 200) < 30


@settings(deadline=None)
@given(st.lists(st.floats(-1e6, 1e6), max_size=400))
def test_zones_cover_the_curve_without_gap_or_overlap(values: list[float]) -> None:
    zones = zones_of(drawn(values))
    if len(values) < trend_limits().window_least:
        assert zones == ()
        return
    assert (zones[0].first_step, zones[-1].last_step) == (1, len(values))
    assert all(one.last_step == other.first_step for one, other in itertools.pairwise(zones))
    assert all(one.trend != other.trend for one, other in itertools.pairwise(zones))


@pytest.mark.parametrize("hole", [0, 30, 59])
def test_a_stretch_that_was_not_finite_leaves_the_rest_readable(hole: int) -> None:
    buckets = drawn([3 - step / 30 for step in range(60)])
    buckets[hole] = buckets[hole]._replace(mean=None, low=None, high=None)
    assert {zone.trend for zone in zones_of(buckets)} == {"improving"}
