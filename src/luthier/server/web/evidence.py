"""The small chart of an alert: the last values of the figure that gave it away, each one a corner of the line."""

from collections.abc import Sequence

from luthier.server.web.curves import HEIGHT, WIDTH


def evidence_path(values: Sequence[float]) -> str:
    """An SVG path in a box of WIDTH x HEIGHT; empty when there is no line to draw."""
    if len(values) < 2:
        return ""
    low, high = min(values), max(values)
    spread = (high - low) or 1.0
    corners = (
        f"{WIDTH * place / (len(values) - 1):.1f} {1 + (HEIGHT - 2) * (high - value) / spread:.1f}"
        for place, value in enumerate(values)
    )
    return "M" + "L".join(corners)
