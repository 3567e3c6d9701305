"""What earlier runs on a machine teach about estimates: the median of truth over estimate, bounded and doubted."""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from luthier.domain.plans import Calibration

NEWEST = 20  # runs that count: a machine changes, and so does the engine
# Runs' worth of belief that the constants are right as they are: memory is much the same everywhere, machines differ in
# speed by more than runs on one of them do.
_MEMORY_DOUBT = 2.0
_DURATION_DOUBT = 0.5
_MEMORY_BOUNDS = (0.67, 1.5)
_DURATION_BOUNDS = (0.2, 5.0)  # beside other work a run takes several times as long


@dataclass(frozen=True)
class Lesson:
    """Of one whole run: truth over what the planner would have said without any calibration."""

    memory: float
    duration: float


def calibrated(lessons: Sequence[Lesson]) -> Calibration:
    """`lessons`: the newest first. None teach nothing."""
    counted = lessons[:NEWEST]
    return Calibration(
        runs=len(counted),
        memory_factor=_factor([lesson.memory for lesson in counted], _MEMORY_DOUBT, _MEMORY_BOUNDS),
        duration_factor=_factor([lesson.duration for lesson in counted], _DURATION_DOUBT, _DURATION_BOUNDS),
    )


def _factor(ratios: Sequence[float], doubt: float, bounds: tuple[float, float]) -> float:
    """One odd run moves the median little; few runs move the factor little; none moves it beyond the bounds."""
    if not ratios:
        return 1.0
    believed = math.exp(math.log(statistics.median(ratios)) * len(ratios) / (len(ratios) + doubt))
    return min(bounds[1], max(bounds[0], believed))
