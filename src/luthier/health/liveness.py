"""Is a worker alive? It speaks often; long silence, or a pulse without any work for very long, means that it is not."""

from typing import NamedTuple

STARTING_SECONDS = 180.0  # before the first sign: loading libraries on a busy machine takes its time
STUCK_SECONDS = 900.0  # with a pulse but without work: longer than any one step, load or save should take


class Vital(NamedTuple):
    """One sign of life; `work` is the worker's own count of things done, None when it does not say."""

    work: int | None


class Liveness:
    """Times are monotonic seconds, so that a clock that jumps cannot freeze or revive anybody."""

    def __init__(self, silence_seconds: float, now: float) -> None:
        self._silence_seconds = silence_seconds
        self._allowed = max(silence_seconds, STARTING_SECONDS)
        self._heard_at = now
        self._worked_at = now
        self._work: int | None = None

    def heard(self, vital: Vital, now: float) -> None:
        self._heard_at = now
        self._allowed = self._silence_seconds
        if vital.work is None or vital.work != self._work:
            self._worked_at = now
        if vital.work is not None:
            self._work = vital.work

    def is_frozen(self, now: float) -> bool:
        return now - self._heard_at > self._allowed or now - self._worked_at > STUCK_SECONDS
