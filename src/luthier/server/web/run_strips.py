"""What a run's page shows beside the loss: one small curve with its newest value for each thing that is measured."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from luthier.domain.run_states import ACTIVE
from luthier.domain.runs import Run
from luthier.kit.units import show_bytes, show_percent
from luthier.server.web.context import Context
from luthier.server.web.curves import loss_path
from luthier.workspace import Workspace

_POINTS = 60  # of a picture this small


@dataclass(frozen=True, slots=True)
class Strip:
    label: str
    value: str  # the newest, with its unit
    curve: str  # an SVG path; empty before there are two points
    name: str


@dataclass(frozen=True, slots=True)
class RunStrips(Context):
    template: ClassVar[str] = "fragments/run_strips.html"

    run: Run
    strips: Sequence[Strip]
    follows: bool


def strips(workspace: Workspace, run: Run) -> RunStrips:
    """Only what was measured: a machine without a GPU has no strip for one."""
    newest = workspace.curves.latest(run.run_id, tuple(_SHOWN))
    shown = [
        Strip(
            label=label,
            value=show(newest[name].value),
            curve=loss_path(workspace.curves.sketch(run.run_id, name, _POINTS)),
            name=name,
        )
        for name, (label, show) in _SHOWN.items()
        if name in newest
    ]
    return RunStrips(run=run, strips=shown, follows=run.state in ACTIVE)


def _small(number: float) -> str:
    return f"{number:.3g}"


_SHOWN: dict[str, tuple[str, Callable[[float], str]]] = {
    "learning_rate": ("Learning rate", _small),
    "gradient_norm": ("Gradient norm", _small),
    "tokens_per_second": ("Tokens a second", lambda value: f"{value:,.0f}".replace(",", "\u202f")),
    "step_seconds": ("Time of a step", lambda value: f"{value:.2f} s"),
    "cpu_share": ("Processor", show_percent),
    "worker_cpu_share": ("Processor, this run", show_percent),
    "memory_used_bytes": ("Memory in use", show_bytes),
    "rss_bytes": ("Memory, this run", show_bytes),
    "disk_free_bytes": ("Disk, free", show_bytes),
    "gpu_share": ("GPU", show_percent),
    "gpu_memory_bytes": ("GPU memory", show_bytes),
    "power_watts": ("Power", lambda value: f"{value:.0f} W"),
}
