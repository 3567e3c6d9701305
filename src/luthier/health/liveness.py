"""Is a worker alive? It speaks often; long silence, or a pulse without any work for very long, means that it is not."""

from typing import NamedTuple

from luthier.health.facts import Watchdog


class Vital(NamedTuple):
    """One sign of life; `work` is the worker's own count of things done, None when it does not say."""

    work: int | None
    phase: str | None = None  # what the worker is at, when it says so


class Liveness:
    """Times are monotonic seconds, so that a clock that jumps cannot freeze or revive anybody.

    Each phase has its own limits; where the watchdog names no silence for one, `silence_seconds` counts.
    """

    def __init__(self, watchdog: Watchdog, silence_seconds: float, now: float) -> None:
        self._watchdog = watchdog
        self._silence_seconds = silence_seconds
        self._phase = "starting"
        self._heard_at = now
        self._worked_at = now
        self._work: int | None = None

    @property
    def phase(self) -> str:
        return self._phase

    def heard(self, vital: Vital, now: float) -> None:
        if self._phase == "starting":
            self._phase = "loading"
        if vital.phase is not None:
            self._phase = vital.phase
        self._heard_at = now
        if vital.work is None or vital.work != self._work:
            self._worked_at = now
        if vital.work is not None:
            self._work = vital.work

    def frozen_seconds(self, now: float) -> float | None:
        """For how long nothing has come from it, when that is too long for its phase; else None."""
        limits = self._watchdog.of(self._phase)
        silence, idleness = now - self._heard_at, now - self._worked_at
        if silence > max(self._silence_seconds, limits.silence_seconds or 0.0):
            return silence
        return idleness if idleness > limits.stuck_seconds else None
