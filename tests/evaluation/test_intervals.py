"""Intervals are checked against published figures, and against the coverage that they promise."""

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from luthier.evaluation.intervals import paired_difference, wilson


@st.composite
def paired_counts(draw: st.DrawFn) -> tuple[int, int, int]:
    total = draw(st.integers(1, 400))
    gained = draw(st.integers(0, total))
    return gained, draw(st.integers(0, total - gained)), total


def test_wilson_gives_the_figures_of_newcombe_1998() -> None:
    """Newcombe 1998, Statistics in Medicine 17, table I: method 3 (score, no continuity correction)."""
    published = {
        (81, 263): (0.2553, 0.3662),
        (15, 148): (0.0624, 0.1605),
        (0, 20): (0.0, 0.1611),
        (1, 29): (0.0061, 0.1718),
    }
    for (right, total), (low, high) in published.items():
        interval = wilson(right, total)
        assert (round(interval.low, 4), round(interval.high, 4)) == (low, high)


@given(total=st.integers(1, 2000), data=st.data())
def test_wilson_contains_the_share_and_stays_within_0_and_1(total: int, data: st.DataObject) -> None:
    right = data.draw(st.integers(0, total))
    interval = wilson(right, total)
    assert 0 <= interval.low <= right / total <= interval.high <= 1


@given(total=st.integers(1, 500), data=st.data())
def test_wilson_treats_right_and_wrong_alike(total: int, data: st.DataObject) -> None:
    right = data.draw(st.integers(0, total))
    one, other = wilson(right, total), wilson(total - right, total)
    assert one.low == pytest.approx(1 - other.high, abs=1e-12)


@pytest.mark.parametrize("share", [0.02, 0.1, 0.5, 0.93])
@pytest.mark.parametrize("total", [60, 200])
def test_wilson_covers_the_truth_about_as_often_as_promised(share: float, total: int) -> None:
    """Exactly, by summing the binomial; 0.95 on average, and never far below (Agresti and Coull 1998)."""
    covered = sum(
        math.comb(total, right) * share**right * (1 - share) ** (total - right)
        for right in range(total + 1)
        if wilson(right, total).low <= share <= wilson(right, total).high
    )
    assert 0.92 <= covered <= 0.99


def test_without_examples_nothing_is_known() -> None:
    assert (wilson(0, 0).low, wilson(0, 0).high) == (0.0, 1.0)
    assert (paired_difference(0, 0, 0).low, paired_difference(0, 0, 0).high) == (-1.0, 1.0)


@pytest.mark.parametrize(
    ("gained", "lost", "total", "confidence", "limits"),
    [(28, 25, 618, 0.90, (-0.0148, 0.0247)), (60, 20, 1000, 0.95, (0.0231, 0.0584))],
)
def test_paired_difference_gives_the_figures_of_another_implementation(
    gained: int, lost: int, total: int, confidence: float, limits: tuple[float, float]
) -> None:
    """Those of `scoreci.mp` in the R package PropCIs, which follows the same paper."""
    interval = paired_difference(gained, lost, total, confidence)
    assert (round(interval.low, 4), round(interval.high, 4)) == limits


@given(paired_counts())
def test_paired_difference_excludes_no_difference_exactly_when_mcnemar_rejects_it(counts: tuple[int, int, int]) -> None:
    gained, lost, total = counts
    interval = paired_difference(gained, lost, total)
    z = (gained - lost) / math.sqrt(gained + lost) if gained + lost else 0.0
    if abs(abs(z) - 1.959964) > 1e-6:
        assert (interval.low > 0 or interval.high < 0) == (abs(z) > 1.959964)


@given(paired_counts())
def test_paired_difference_contains_what_was_observed(counts: tuple[int, int, int]) -> None:
    gained, lost, total = counts
    interval = paired_difference(gained, lost, total)
    observed = (gained - lost) / total
    assert -1 <= interval.low <= observed + 1e-9
    assert observed - 1e-9 <= interval.high <= 1


@given(paired_counts())
def test_paired_difference_is_mirrored_when_the_models_change_places(counts: tuple[int, int, int]) -> None:
    gained, lost, total = counts
    one, other = paired_difference(gained, lost, total), paired_difference(lost, gained, total)
    assert one.low == pytest.approx(-other.high, abs=1e-6)


def test_agreement_on_all_examples_does_not_make_the_interval_a_point() -> None:
    interval = paired_difference(0, 0, 60)
    assert interval.low == pytest.approx(-interval.high, abs=1e-9)
    assert 0.04 < interval.high < 0.08


@pytest.mark.parametrize(("gained_share", "lost_share"), [(0.9, 0.0), (0.3, 0.05), (0.1, 0.1), (0.02, 0.0)], ids=str)
def test_paired_difference_covers_the_truth_about_as_often_as_promised(gained_share: float, lost_share: float) -> None:
    chance = random.Random(7)
    total, rounds = 60, 1500
    covered = 0
    for _ in range(rounds):
        draws = [chance.random() for _ in range(total)]
        gained = sum(1 for draw in draws if draw < gained_share)
        lost = sum(1 for draw in draws if gained_share <= draw < gained_share + lost_share)
        interval = paired_difference(gained, lost, total)
        covered += interval.low <= gained_share - lost_share <= interval.high
    assert 0.93 <= covered / rounds <= 1.0
