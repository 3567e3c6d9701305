"""Curves as they are drawn: a metric's points in buckets of equal width, and what the curve did in each stretch."""

from typing import Literal, NamedTuple

from pydantic import Field

from luthier.kit.frozen import Frozen

Trend = Literal["improving", "flat", "rising"]


class Bucket(NamedTuple):
    """The points of a stretch of steps. Values that are not finite count as points and are in no figure."""

    first_step: int
    last_step: int
    points: int
    mean: float | None  # None when no point of it was finite
    low: float | None
    high: float | None


class Zone(Frozen):
    """A stretch in which the curve did one thing; both ends are steps that were measured."""

    first_step: int
    last_step: int
    trend: Trend


class Curve(Frozen):
    name: str
    points: int  # in the range that was asked for
    bucket_steps: int  # how many steps one bucket spans; 1 shows every point as it was measured
    buckets: tuple[Bucket, ...]
    zones: tuple[Zone, ...] = ()  # of a loss


class Mark(Frozen):
    """Something that happened to a run, at the step that it had reached then."""

    step: int
    kind: Literal["checkpoint", "alert", "state"]
    label: str


class StepRange(Frozen):
    """Both ends included; an end that is left open is where the curve begins or ends."""

    first_step: int = Field(0, ge=0)  # step 0 is the base model
    last_step: int | None = Field(None, ge=0)
