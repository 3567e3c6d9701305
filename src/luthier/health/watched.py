"""What the detectors remember of a run: a short window and a few levels, small enough to lie in every checkpoint."""

import math
from collections.abc import Sequence
from itertools import pairwise
from statistics import median
from typing import NamedTuple

from luthier.domain.health import AnomalyKind, Point
from luthier.health.limits import anomaly_facts
from luthier.kit.frozen import Frozen

WINDOW_STEPS = 80
_FEWEST = 5  # steps before there is any level at all
_LOWEST = 1e-12  # some losses and gradients reach 0, which has no logarithm
_MEDIAN_ERROR = 1.2533  # standard error of a median, in those of a mean of normal values
_SHARE_WITHIN, _SIGMAS_WITHIN = 0.9, 1.6449  # of normal values, so many lie within so many standard deviations


class Observation(NamedTuple):
    """One step, seen when its gradient is there and its update is not."""

    step: int
    loss: float
    gradient_norm: float
    rate_share: float  # of the peak learning rate
    tokens_per_second: float  # of the step before; 0 is not known


class Watched(Frozen):
    """A fold over observations: equal ones lead to equal verdicts, whoever was killed in between."""

    window: tuple[Observation, ...] = ()
    start: float | None = None  # log of the first losses
    start_norm: float | None = None
    lowest: float | None = None  # of the medians of a stretch, as a log
    improved_at: int = 0  # the step at which the lowest median last fell by more than the plateau's improvement
    improved_to: float | None = None
    highest_loss: float = 0.0
    highest_norm: float = 0.0
    calm_step: int = 0  # weights up to it are healthy: no stretch that begins later has left the lowest level
    held_out: tuple[Point, ...] = ()
    said: tuple[AnomalyKind, ...] = ()  # warnings that were given and still hold

    @property
    def last_step(self) -> int:
        return self.window[-1].step if self.window else 0

    @property
    def log_losses(self) -> list[float]:
        return [log_of(seen.loss) for seen in self.window]

    @property
    def noise(self) -> float:
        return noise_of(self.log_losses)

    def level(self, stretch: int) -> float | None:
        """Log of the median loss of the last steps; None while there are too few."""
        logs = self.log_losses[-stretch:]
        return median(logs) if len(logs) >= min(stretch, _FEWEST) else None

    def rise(self) -> float:
        """By how much, as a log, the last stretch lies above the lowest one, in units of what would be divergence."""
        limits = anomaly_facts().detectors.divergence
        level = self.level(limits.stretch)
        if level is None or self.lowest is None:
            return 0.0
        error = _MEDIAN_ERROR * self.noise / math.sqrt(limits.stretch)
        return (level - self.lowest) / max(math.log(limits.least_ratio), limits.noise * error)

    @property
    def healthy_until(self) -> int:
        """The newest step whose weights are not in doubt."""
        return self.last_step if self.rise() <= 0.5 else self.calm_step

    def after(self, seen: Observation) -> "Watched":
        """With one more step, whose loss and gradient are finite."""
        limits = anomaly_facts().detectors
        grown = self.model_copy(
            update={
                "window": (*self.window, seen)[-WINDOW_STEPS:],
                "highest_loss": max(self.highest_loss, seen.loss),
                "highest_norm": max(self.highest_norm, seen.gradient_norm),
            }
        )
        stretch = limits.divergence.stretch
        level = grown.level(stretch)
        if level is None:
            return grown
        lowest = level if self.lowest is None else min(self.lowest, level)
        improved = self.improved_to is None or level < self.improved_to + math.log(1 - limits.plateau.improvement)
        grown = grown.model_copy(
            update={
                "lowest": lowest,
                "start": self._start(grown, level),
                "start_norm": self._start_norm(grown),
                **({"improved_at": seen.step, "improved_to": level} if improved else {}),
            }
        )
        calm = seen.step - stretch if grown.rise() <= 0.5 else grown.calm_step
        return grown.model_copy(update={"calm_step": max(grown.calm_step, calm)})

    def _start(self, grown: "Watched", level: float) -> float:
        """Settled once the window has a whole stretch."""
        settled = len(self.window) >= anomaly_facts().detectors.divergence.stretch
        return self.start if settled and self.start is not None else level

    def _start_norm(self, grown: "Watched") -> float:
        settled = len(self.window) >= anomaly_facts().detectors.divergence.stretch
        if settled and self.start_norm is not None:
            return self.start_norm
        return median(seen.gradient_norm for seen in grown.window)

    def with_held_out(self, step: int, loss: float) -> "Watched":
        return self.model_copy(update={"held_out": (*self.held_out, Point(step, loss))})


def log_of(value: float) -> float:
    return math.log(max(value, _LOWEST))


def noise_of(values: Sequence[float]) -> float:
    """Their standard deviation, from neighbours, so that a trend does not count as noise."""
    return _robust_sigma([after - before for before, after in pairwise(values)]) / math.sqrt(2)


def _robust_sigma(values: Sequence[float]) -> float:
    """As a standard deviation, but untouched by a few wild values; 0 for fewer than two.

    Steps of two kinds, such as KTO's on single good and bad answers, make most neighbours alike and a tenth or more of
    them far apart: that is noise, which the median of the distances would not see.
    """
    if len(values) < 2:
        return 0.0
    middle = median(values)
    distances = sorted(abs(value - middle) for value in values)
    return distances[int(_SHARE_WITHIN * len(distances))] / _SIGMAS_WITHIN
