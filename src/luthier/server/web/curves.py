"""Small pictures of a loss, drawn on the server so that they stand there without any script."""

from collections.abc import Sequence

from luthier.domain.runs import Run
from luthier.workspace import Workspace

WIDTH, HEIGHT = 100.0, 26.0
_MOST_POINTS = 120  # more cannot be told apart in a picture this small


def loss_of(workspace: Workspace, run: Run) -> str:
    return loss_path(workspace.curves.sketch(run.run_id, "loss", _MOST_POINTS))


def loss_path(means: Sequence[float]) -> str:
    """An SVG path in a box of WIDTH x HEIGHT, lowest loss at the bottom; empty when there is no line to draw."""
    if len(means) < 2:
        return ""
    low, high = min(means), max(means)
    spread = (high - low) or 1.0
    steps = len(means) - 1
    corners = (
        f"{WIDTH * index / steps:.1f} {1 + (HEIGHT - 2) * (high - value) / spread:.1f}"
        for index, value in enumerate(means)
    )
    return "M" + "L".join(corners)
