"""How long is too long, and how often is enough: the limits of supervision as data, each with where it comes from."""

import tomllib
from functools import cache
from importlib.resources import files

from luthier.kit.frozen import Frozen


class LeaseLimits(Frozen):
    renew_seconds: float  # between two beats of a supervisor that is alive
    expire_seconds: float  # without a beat, as another supervisor has seen it, until that one takes over
    source: str


class QueueLimits(Frozen):
    look_seconds: float  # between two looks at the queue
    source: str


class RetryLimits(Frozen):
    passing: tuple[str, ...]  # the codes of faults that pass
    attempts: int  # without a step in between, before a person is asked
    first_seconds: float
    factor: float
    longest_seconds: float
    source: str

    def pause_after(self, losses: int) -> float:
        """Seconds to wait after that many losses in a row."""
        return min(self.longest_seconds, self.first_seconds * self.factor ** max(0, losses - 1))


class CancelLimits(Frozen):
    grace_seconds: float  # for a worker to obey, before it is ended
    source: str


class PhaseLimits(Frozen):
    silence_seconds: float | None = None  # without a sign of life; the setting worker_silence_seconds when left out
    stuck_seconds: float  # with signs of life, but without work done


class Watchdog(Frozen):
    phases: dict[str, PhaseLimits]
    source: str

    def of(self, phase: str) -> PhaseLimits:
        return self.phases[phase]


class Supervision(Frozen):
    lease: LeaseLimits
    queue: QueueLimits
    retry: RetryLimits
    cancel: CancelLimits
    watchdog: Watchdog


@cache
def supervision() -> Supervision:
    return Supervision.model_validate(tomllib.loads(files(__name__).joinpath("supervision.toml").read_text("utf-8")))
