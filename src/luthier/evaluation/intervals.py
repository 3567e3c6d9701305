"""Confidence intervals for a share of right answers, and for the difference of two shares on the same examples."""

from collections.abc import Callable
from math import sqrt
from statistics import NormalDist

from luthier.domain.evaluations import Interval

_PRECISE_ENOUGH = 1e-9


def wilson(right: int, total: int, confidence: float = 0.95) -> Interval:
    """Score interval of one share (Wilson 1927, doi:10.1080/01621459.1927.10502953); [0, 1] without examples.

    Unlike share ± z·sd it keeps its coverage for few examples and for shares near 0 or 1.
    """
    if total == 0:
        return Interval(low=0.0, high=1.0, confidence=confidence)
    z2 = _quantile(confidence) ** 2
    share = right / total
    centre = (share + z2 / (2 * total)) / (1 + z2 / total)
    half = sqrt(z2 * (share * (1 - share) / total + z2 / (4 * total**2))) / (1 + z2 / total)
    # At the ends the exact limit is 0 or 1, and rounding must not push it off.
    low = 0.0 if right == 0 else max(0.0, centre - half)
    high = 1.0 if right == total else min(1.0, centre + half)
    return Interval(low=low, high=high, confidence=confidence)


def paired_difference(gained: int, lost: int, total: int, confidence: float = 0.95) -> Interval:
    """Score interval of share(after) - share(before) for the same examples answered twice.

    `gained` are the examples right only after, `lost` those right only before. Tango 1998
    (doi:10.1002/(SICI)1097-0258(19980430)17:8<891::AID-SIM780>3.0.CO;2-B): the differences that McNemar's
    score test does not reject, so the interval excludes 0 exactly when that test finds a difference. Bootstrap
    intervals collapse to a point when all examples agree, which with 60 of them is common.
    """
    if total == 0:
        return Interval(low=-1.0, high=1.0, confidence=confidence)
    z = _quantile(confidence)
    observed = (gained - lost) / total

    def statistic(difference: float) -> float:
        return _tango(gained, lost, total, difference)

    return Interval(
        low=_crossing(statistic, z, -1.0, observed),
        high=_crossing(statistic, -z, observed, 1.0),
        confidence=confidence,
    )


def _quantile(confidence: float) -> float:
    return NormalDist().inv_cdf(0.5 + confidence / 2)


def _tango(gained: int, lost: int, total: int, difference: float) -> float:
    """Tango's z for the hypothesis that the true difference is `difference`; falls as `difference` grows."""
    a = 2 * total
    b = -gained - lost + (2 * total - gained + lost) * difference
    c = -lost * difference * (1 - difference)
    lost_share = (sqrt(max(0.0, b * b - 4 * a * c)) - b) / (2 * a)  # most likely under the hypothesis
    variance = total * (2 * lost_share + difference * (1 - difference))
    excess = gained - lost - total * difference
    if variance <= 0:
        return 0.0 if abs(excess) < _PRECISE_ENOUGH else float("inf") * excess
    return excess / sqrt(variance)


def _crossing(statistic: Callable[[float], float], target: float, low: float, high: float) -> float:
    """Where the falling `statistic` reaches `target` in [low, high]; an end when it does not."""
    if statistic(low) <= target:
        return low
    if statistic(high) >= target:
        return high
    while high - low > _PRECISE_ENOUGH:
        middle = (low + high) / 2
        if statistic(middle) > target:
            low = middle
        else:
            high = middle
    return (low + high) / 2
