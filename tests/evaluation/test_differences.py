"""A difference is claimed only when a paired test and its interval allow it, however many are looked at."""

import numpy as np
import pytest

from luthier.evaluation.differences import bootstrap, corrected, mean_of, paired_test, sign_test
from luthier.evaluation.figures import blind_result


def test_mcnemar_is_the_binomial_test_of_the_pairs_that_differ() -> None:
    assert sign_test(0, 0) == 1.0
    assert sign_test(5, 0) == pytest.approx(2 / 32)
    assert sign_test(9, 1) == pytest.approx(2 * 11 / 1024)
    assert sign_test(1, 9) == sign_test(9, 1)


def test_the_signs_of_a_few_differences_are_enumerated() -> None:
    found = paired_test([0.9, 0.8, 0.7, 0.9], [0.1, 0.2, 0.3, 0.1])
    assert found.p_value == pytest.approx(2 / 16)
    assert corrected([found])[0].verdict == "open"  # four cases prove nothing, however far apart


def test_many_alike_differences_are_proven_and_none_is_not() -> None:
    chance = np.random.default_rng(1)
    base = chance.uniform(0.2, 0.5, 40)
    (better,) = corrected([paired_test(list(base + 0.2), list(base))])
    (same,) = corrected([paired_test(list(base), list(base))])
    assert (better.verdict, same.verdict, same.p_value) == ("better", "open", 1.0)
    (worse,) = corrected([paired_test(list(base), list(base + 0.2))])
    assert worse.verdict == "worse"


def test_holm_raises_each_p_and_never_lets_one_fall_below_a_smaller_one() -> None:
    binary = [paired_test([1.0] * gained + [0.0] * (20 - gained), [0.0] * 20) for gained in (6, 10, 7)]
    p6, p10, p7 = (each.p_value for each in binary)
    assert [each.p_corrected for each in corrected(binary)] == pytest.approx(
        [max(3 * p10, 2 * p7, p6), 3 * p10, max(3 * p10, 2 * p7)]
    )


def test_looking_at_many_figures_costs_a_claim() -> None:
    near = paired_test([1.0] * 6 + [0.0] * 14, [0.0] * 20)  # p = 0.031
    assert corrected([near])[0].verdict == "better"
    assert corrected([near, near, near])[0].verdict == "open"


def test_when_nothing_differs_better_is_claimed_at_most_once_in_twenty_times() -> None:
    chance = np.random.default_rng(7)
    claims = 0
    for _ in range(300):
        one, other = chance.uniform(size=30), chance.uniform(size=30)
        claims += corrected([paired_test(list(one), list(other))])[0].verdict != "open"
    assert claims <= 300 * 0.05 * 1.6


def test_intervals_hold_the_mean_and_repeat() -> None:
    scores = list(np.random.default_rng(3).uniform(size=25))
    assert bootstrap(scores) == bootstrap(scores)
    mean = mean_of(scores)
    assert mean.interval.low < mean.value < mean.interval.high
    assert mean_of([1.0, 1.0, 1.0]).interval.low < 0.5  # three right answers are no certainty


def test_votes_are_judged_without_ties_and_told_with_them() -> None:
    few, many, none = blind_result(3, 0, 2), blind_result(15, 2, 3), blind_result(0, 0, 0)
    assert (few.verdict, many.verdict, none.verdict) == ("open", "better", "open")
    assert many.share == pytest.approx(16.5 / 20)
    assert blind_result(2, 15, 3).verdict == "worse"
