"""Means with intervals, and whether two models differ on the same cases: paired tests, corrected for their number."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from math import comb

import numpy as np

from luthier.domain.evaluations import Interval, Mean, PairedDifference, Verdict
from luthier.evaluation.intervals import paired_difference, wilson

SIGNIFICANCE = 0.05
_RESAMPLES = 10_000
_EXACT_UP_TO = 14  # differences that are not 0: their 2^14 signs are enumerated, those of more are drawn
_SEED = 0  # so that the same answers give the same figures


@dataclass(frozen=True)
class Tested:
    """A difference before it is corrected for how many there are."""

    value: float
    interval: Interval
    is_binary: bool
    p_value: float


def mean_of(scores: Sequence[float]) -> Mean:
    """With Wilson's interval where every score is 0 or 1, else the bootstrap's."""
    interval = wilson(round(sum(scores)), len(scores)) if is_binary(scores) else bootstrap(scores)
    return Mean(value=sum(scores) / len(scores), total=len(scores), interval=interval)


def paired_test(target: Sequence[float], against: Sequence[float]) -> Tested:
    """Of scores of the same cases in the same order. McNemar's exact test for 0 and 1, else random signs."""
    differences = [one - other for one, other in zip(target, against, strict=True)]
    value = sum(differences) / len(differences)
    if is_binary([*target, *against]):
        gained, lost = sum(each > 0 for each in differences), sum(each < 0 for each in differences)
        interval = paired_difference(gained, lost, len(differences))
        return Tested(value, interval, is_binary=True, p_value=sign_test(gained, lost))
    return Tested(value, bootstrap(differences), is_binary=False, p_value=_random_signs(differences))


def corrected(all_tested: Sequence[Tested]) -> list[PairedDifference]:
    """Holm 1979: the smallest p is multiplied by how many there are, the next by one less, and none falls again."""
    order = sorted(range(len(all_tested)), key=lambda at: all_tested[at].p_value)
    values, highest = [1.0] * len(all_tested), 0.0
    for rank, at in enumerate(order):
        highest = max(highest, min(1.0, (len(all_tested) - rank) * all_tested[at].p_value))
        values[at] = highest
    return [_judged(each, value) for each, value in zip(all_tested, values, strict=True)]


def verdict_of(interval: Interval, p_value: float) -> Verdict:
    """Both must agree: the interval excludes 0 and the test rejects chance."""
    if p_value < SIGNIFICANCE and interval.low > 0:
        return "better"
    return "worse" if p_value < SIGNIFICANCE and interval.high < 0 else "open"


def sign_test(gained: int, lost: int) -> float:
    """Two-sided, exact: how likely so uneven a split is when both are equally likely."""
    total = gained + lost
    tail = sum(comb(total, count) for count in range(min(gained, lost) + 1))
    return min(1.0, 2 * tail / (1 << total))


def bootstrap(values: Sequence[float], confidence: float = 0.95) -> Interval:
    """Percentiles of the means of cases drawn with replacement (Efron 1979)."""
    sample = np.asarray(values)
    drawn = np.random.default_rng(_SEED).integers(0, len(sample), (_RESAMPLES, len(sample)))
    low, high = np.quantile(sample[drawn].mean(axis=1), [(1 - confidence) / 2, (1 + confidence) / 2])
    return Interval(low=float(low), high=float(high), confidence=confidence)


def is_binary(scores: Sequence[float]) -> bool:
    return all(score in (0.0, 1.0) for score in scores)


def _random_signs(differences: Sequence[float]) -> float:
    """The share of all signs of the differences that make their sum as far from 0; of many, of signs drawn."""
    sizes = np.abs([each for each in differences if each])
    observed = abs(float(sum(differences))) - 1e-12
    if len(sizes) == 0:
        return 1.0
    if len(sizes) <= _EXACT_UP_TO:
        signs = np.array(list(product((-1, 1), repeat=len(sizes))))
        return float(np.mean(np.abs(signs @ sizes) >= observed))
    signs = np.random.default_rng(_SEED).choice((-1, 1), (_RESAMPLES, len(sizes)))
    return float((np.sum(np.abs(signs @ sizes) >= observed) + 1) / (_RESAMPLES + 1))


def _judged(each: Tested, p_corrected: float) -> PairedDifference:
    return PairedDifference(
        value=each.value,
        interval=each.interval,
        test="McNemar, exact" if each.is_binary else "sign-flip permutation",
        p_value=each.p_value,
        p_corrected=p_corrected,
        verdict=verdict_of(each.interval, p_corrected),
    )
