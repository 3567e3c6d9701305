"""Predicted against measured, and what the planner has learnt from it."""

from collections.abc import Iterable

from rich.console import RenderableType
from rich.text import Text

from luthier.cli.render.tables import facts, table
from luthier.cli.render.text import plain
from luthier.domain.truths import Truth
from luthier.kit.units import show_bytes, show_duration
from luthier.services.calibration import CalibrationTable

_COLUMNS = ("Run", "Memory planned", "measured", "off by", "Time planned", "taken", "off by ")


def show_calibration(found: CalibrationTable) -> Iterable[RenderableType]:
    if not found.compared:
        yield plain("No run has been completed on this machine yet, so there is nothing to learn from.")
        return
    rows = [(each.name, *_cells(each.memory), *_cells(each.duration)) for each in found.compared]
    yield table(_COLUMNS, rows, right=_COLUMNS[1:])
    learnt = found.calibration
    yield facts(
        [
            ("Learnt from", f"{learnt.runs} runs"),
            ("Memory", f"times {learnt.memory_factor:.2f}"),
            ("Time", f"times {learnt.duration_factor:.2f}"),
        ]
    )


def show_truth(truth: Truth) -> Text:
    """E.g. `2.2 GB, planned 1.8 GB to 2.4 GB: within the plan`."""
    planned, measured, off_by = _cells(truth)
    if truth.measured is None:
        return plain(f"planned {planned}")
    words = {True: f"within the plan ({off_by})", False: "outside the plan", None: "so far"}[truth.holds]
    return plain(f"{measured}, planned {planned}: {words}", "warn" if truth.holds is False else "")


def _cells(truth: Truth) -> tuple[str, str, str]:
    show = show_bytes if truth.planned.unit == "bytes" else show_duration
    planned = f"{show(truth.planned.low)} to {show(truth.planned.high)}"
    error = "" if truth.error is None else f"{100 * truth.error:+.0f} %"
    return planned, "" if truth.measured is None else show(truth.measured), error
