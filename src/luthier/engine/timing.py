"""Times a piece of work several times, so that a rate comes with its spread."""

import statistics
import time
from collections.abc import Callable

from luthier.domain.machine import Measured

REPEATS = 7
_LEAST_REPEATS = 2
_ONE_REPEAT_SECONDS = 0.2  # shorter ones measure the clock and the moment
_ALL_SECONDS = 4.0  # slow machines repeat less often instead of taking minutes


def rate_of(work: Callable[[], object], amount: float, settle: Callable[[], object] = lambda: None) -> Measured:
    """`amount` is what one call of `work` does; `settle` waits until a device has really done it."""
    first = _seconds(work, 1, settle)  # loads code and lays out memory, so it does not count
    calls = 1 if first >= _ONE_REPEAT_SECONDS else _calls_per_repeat(_seconds(work, 1, settle))
    rates: list[float] = []
    spent = 0.0
    while len(rates) < REPEATS and (len(rates) < _LEAST_REPEATS or spent < _ALL_SECONDS):
        seconds = _seconds(work, calls, settle)
        rates.append(amount * calls / seconds)
        spent += seconds
    return measured_from(rates)


def measured_from(rates: list[float]) -> Measured:
    return Measured(median=statistics.median(rates), low=min(rates), high=max(rates), repeats=len(rates))


def _calls_per_repeat(seconds_per_call: float) -> int:
    return max(1, min(1_000, round(_ONE_REPEAT_SECONDS / max(seconds_per_call, 1e-6))))


def _seconds(work: Callable[[], object], calls: int, settle: Callable[[], object]) -> float:
    started = time.perf_counter()
    for _ in range(calls):
        work()
    settle()
    return time.perf_counter() - started
