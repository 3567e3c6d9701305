"""A long curve in few points, none of them invented: each stretch of it keeps its lowest and its highest."""

from collections.abc import Sequence

from luthier.domain.runs import MetricPoint


def downsample(points: Sequence[MetricPoint], most: int) -> list[MetricPoint]:
    """At most `most` of the points (at least 4), the first and the last among them, so that no spike is lost."""
    if len(points) <= most:
        return list(points)
    inner = points[1:-1]
    stretches = (most - 2) // 2
    kept = [points[0]]
    for index in range(stretches):
        stretch = inner[index * len(inner) // stretches : (index + 1) * len(inner) // stretches]
        lowest = min(stretch, key=lambda point: point.value)
        highest = max(stretch, key=lambda point: point.value)
        kept += sorted({lowest.step: lowest, highest.step: highest}.values(), key=lambda point: point.step)
    return [*kept, points[-1]]
