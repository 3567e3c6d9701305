"""Times a piece of work several times, so that a rate comes with its spread."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

from luthier.domain.machine import Measured

REPEATS = 7
_LEAST_REPEATS = 2
_SHARE_OF_A_REPEAT = 0.05  # of all the time there is; much shorter ones measure the clock and the moment


@dataclass(frozen=True)
class Stopwatch:
    """Slow machines repeat less often instead of taking minutes."""

    seconds: float  # for one rate, about

    def rate_of(
        self, work: Callable[[], object], amount: float, settle: Callable[[], object] = lambda: None
    ) -> Measured:
        """`amount` is what one call of `work` does; `settle` waits until a device has really done it."""
        least = self.seconds * _SHARE_OF_A_REPEAT
        first = _seconds(work, 1, settle)  # loads code and lays out memory, so it does not count
        calls = 1 if first >= least else max(1, min(1_000, round(least / max(_seconds(work, 1, settle), 1e-6))))
        rates: list[float] = []
        spent = 0.0
        while len(rates) < REPEATS and (len(rates) < _LEAST_REPEATS or spent < self.seconds):
            seconds = _seconds(work, calls, settle)
            rates.append(amount * calls / seconds)
            spent += seconds
        return measured_from(rates)


def measured_from(rates: list[float]) -> Measured:
    return Measured(median=statistics.median(rates), low=min(rates), high=max(rates), repeats=len(rates))


def _seconds(work: Callable[[], object], calls: int, settle: Callable[[], object]) -> float:
    started = time.perf_counter()
    for _ in range(calls):
        work()
    settle()
    return max(1e-9, time.perf_counter() - started)
