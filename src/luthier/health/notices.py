"""The limits of notices: when one is made, and how hard it is tried to deliver it."""

import tomllib
from functools import cache
from importlib.resources import files

from luthier.kit.frozen import Frozen


class Milestones(Frozen):
    percent: tuple[int, ...]
    source: str


class QualityDrop(Frozen):
    share: float  # above the best held-out loss so far
    source: str


class DeliveryLimits(Frozen):
    attempts: int
    first_seconds: float
    factor: float
    longest_seconds: float
    source: str
    sending_seconds: float  # after which an attempt counts as broken off
    sending_source: str
    news_hours: float  # after which a notice is not sent any more
    news_source: str

    def pause_after(self, attempts: int) -> float:
        """Seconds until the next attempt after that many failed."""
        return min(self.longest_seconds, self.first_seconds * self.factor ** max(0, attempts - 1))


class NoticeLimits(Frozen):
    milestones: Milestones
    quality_drop: QualityDrop
    delivery: DeliveryLimits


@cache
def notice_limits() -> NoticeLimits:
    text = files("luthier.health.facts").joinpath("notices.toml").read_text("utf-8")
    return NoticeLimits.model_validate(tomllib.loads(text))
