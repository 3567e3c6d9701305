"""Small pictures of a loss, drawn on the server so that they stand there without any script."""

from collections.abc import Sequence

from luthier.domain.runs import MetricPoint

WIDTH, HEIGHT = 100.0, 26.0
_MOST_POINTS = 120  # more cannot be told apart in a picture this small


def loss_path(points: Sequence[MetricPoint]) -> str:
    """An SVG path in a box of WIDTH x HEIGHT, lowest loss at the bottom; empty when there is no line to draw."""
    if len(points) < 2:
        return ""
    means = _thinned([point.value for point in points])
    low, high = min(means), max(means)
    spread = (high - low) or 1.0
    steps = len(means) - 1
    corners = (
        f"{WIDTH * index / steps:.1f} {1 + (HEIGHT - 2) * (high - value) / spread:.1f}"
        for index, value in enumerate(means)
    )
    return "M" + "L".join(corners)


def _thinned(values: Sequence[float]) -> list[float]:
    """The means of equal stretches, so that a noisy curve keeps its course."""
    width = -(-len(values) // _MOST_POINTS)
    stretches = [values[start : start + width] for start in range(0, len(values), width)]
    return [sum(stretch) / len(stretch) for stretch in stretches]
