"""What a curve does in each of its stretches: improving, flat or rising, told from its noise."""

import tomllib
from collections.abc import Sequence
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from luthier.domain.curves import Bucket, Trend, Zone
from luthier.kit.frozen import Frozen

Numbers = NDArray[np.float64]
_TRENDS: tuple[Trend, ...] = ("improving", "flat", "rising")


class TrendLimits(Frozen):
    window_share: float  # of what is drawn, over which a slope is fitted
    window_least: int  # buckets
    window_most: int
    window_source: str
    sure: float  # standard errors that a slope must differ from none
    sure_source: str
    least_change: float  # within a window, as a share of the curve's level
    least_change_source: str
    shortest_zone_share: float  # of what is drawn
    shortest_zone_source: str


def zones_of(buckets: Sequence[Bucket]) -> tuple[Zone, ...]:
    """Stretches that follow each other without a gap. Nothing is said of a curve too short for one window."""
    drawn = [bucket for bucket in buckets if bucket.mean is not None]
    limits = trend_limits()
    if len(drawn) < limits.window_least:
        return ()
    values = np.array([bucket.mean for bucket in drawn], dtype=np.float64)
    stretches = _joined(_trends(values, limits).tolist(), max(1, round(limits.shortest_zone_share * len(drawn))))
    ends = [start for start, _ in stretches[1:]] + [len(drawn) - 1]
    return tuple(
        Zone(first_step=drawn[start].first_step, last_step=drawn[end].last_step, trend=_TRENDS[trend + 1])
        for (start, trend), end in zip(stretches, ends, strict=True)
    )


@cache
def trend_limits() -> TrendLimits:
    text = files("luthier.health.facts").joinpath("trends.toml").read_text("utf-8")
    return TrendLimits.model_validate(tomllib.loads(text))


def _trends(values: Numbers, limits: TrendLimits) -> NDArray[np.int64]:
    """-1, 0 or 1 for each bucket: the sign of the slope around it where it is neither noise nor too small to see."""
    width = int(min(limits.window_most, max(limits.window_least, limits.window_share * len(values)))) | 1
    width = min(width, len(values))
    slopes, errors, levels = _fitted(sliding_window_view(values, width))
    change = np.abs(slopes) * (width - 1)
    seen = (np.abs(slopes) > limits.sure * errors) & (change > limits.least_change * levels)
    signs = np.where(seen, np.sign(slopes), 0).astype(np.int64)
    before = (width - 1) // 2
    return np.pad(signs, (before, width - 1 - before), mode="edge")


def _fitted(windows: Numbers) -> tuple[Numbers, Numbers, Numbers]:
    """Of a line through each window: its slope, the slope's standard error, and the mean size of the values."""
    width = windows.shape[1]
    places = np.arange(width, dtype=np.float64) - (width - 1) / 2
    spread = float(places @ places)
    slopes = windows @ places / spread
    means = windows.mean(axis=1)
    rest = windows - means[:, None] - slopes[:, None] * places
    errors = np.sqrt((rest**2).sum(axis=1) / max(1, width - 2) / spread)
    return slopes, errors, np.abs(windows).mean(axis=1)


def _joined(trends: list[int], shortest: int) -> list[tuple[int, int]]:
    """(start, trend) of each stretch; one that is too short becomes part of the stretch before it."""
    stretches: list[tuple[int, int]] = []
    for place, trend in enumerate(trends):
        if not stretches or stretches[-1][1] != trend:
            stretches.append((place, trend))
    kept: list[tuple[int, int]] = []
    for index, (start, trend) in enumerate(stretches):
        end = stretches[index + 1][0] if index + 1 < len(stretches) else len(trends)
        if kept and (end - start < shortest or kept[-1][1] == trend):
            continue
        kept.append((start, trend))
    return kept
