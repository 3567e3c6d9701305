"""The workspace at one moment: the facts of the home page."""

from collections.abc import Iterable
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from luthier.cli.render.pace import time_left
from luthier.cli.render.runs import state_word
from luthier.cli.render.tables import Cell, facts, table
from luthier.cli.render.text import heading, one_line, plain, soft
from luthier.domain.amounts import show_amount, show_money
from luthier.domain.machine import MachineLoad
from luthier.domain.overviews import Overview
from luthier.domain.runs import Run
from luthier.domain.spending import Spending
from luthier.kit.units import show_bytes, show_count, show_duration, show_percent

_NO_PLAN = {"plan", "recipe"}  # they are in `luthier runs show`


def overview_document(overview: Overview) -> dict[str, Any]:
    own = overview.model_dump(mode="json", exclude={"at_work", "recent", "waiting"})
    waiting = [
        {**_run_document(each.run), "position": each.place.position if each.place else None}
        for each in overview.waiting
    ]
    at_work, recent = ([_run_document(run) for run in runs] for runs in (overview.at_work, overview.recent))
    return {**own, "at_work": at_work, "waiting": waiting, "recent": recent}


def show_overview(overview: Overview) -> Iterable[RenderableType]:
    for need in overview.needs:
        yield plain(f"{need.name} is {need.state}: {need.sentence}", "bad" if need.state == "failed" else "warn")
        yield plain(f"  luthier runs show {need.run_id}", "command")
    yield from _work(overview)
    if overview.versions:
        yield heading("Recent versions")
        yield Text(", ".join(version.label for version in overview.versions))
    yield heading("This machine")
    yield facts(_machine(overview.machine))
    yield heading("Spent by finished runs")
    periods = {"today": overview.spent.today, "thirty days": overview.spent.month, "in all": overview.spent.ever}
    rows = [(title, *_spending(each)) for title, each in periods.items()]
    columns = ("Runs", "Trained for", "Energy", "Electricity", "CO2e")
    yield table(("", *columns), rows, right=columns)


def _work(overview: Overview) -> Iterable[RenderableType]:
    if not overview.at_work and not overview.waiting:
        yield soft("No run is at work.")
        return
    rows = [(run.name, state_word(run.state), _step(run), _left(run)) for run in overview.at_work]
    rows += [
        (each.run.name, state_word(each.run.state), "", each.place.sentence if each.place else "")
        for each in overview.waiting
    ]
    yield table(("Run", "State", "Step", "Left"), rows, right=("Step",))


def _run_document(run: Run) -> dict[str, Any]:
    return run.model_dump(mode="json", exclude=_NO_PLAN)


def _step(run: Run) -> str:
    return f"{show_count(run.step)} of {show_count(run.total_steps)}"


def _left(run: Run) -> str:
    return time_left(*run.seconds_left) if run.seconds_left and run.step < run.total_steps else run.phase


def _machine(load: MachineLoad) -> Iterable[tuple[str, Cell]]:
    yield "Processor", f"{show_percent(load.busy_share)} of {load.cores} cores"
    yield "Memory", f"{show_bytes(load.memory_used)} of {show_bytes(load.memory_total)}"
    yield "Disk", f"{show_bytes(load.disk_free)} free"
    for gpu in load.gpus:
        busy = [show_percent(gpu.busy_share)] if gpu.busy_share is not None else []
        if gpu.memory_used is not None and gpu.memory_total is not None:
            busy.append(f"{show_bytes(gpu.memory_used)} of {show_bytes(gpu.memory_total)}")
        if gpu.power_watts is not None:
            busy.append(f"{gpu.power_watts:.0f} W")
        yield one_line(gpu.name, 40), ", ".join(busy)


def _spending(spent: Spending) -> tuple[str, str, str, str, str]:
    if not spent.runs:
        return "0", "–", "–", "–", "–"
    return (
        str(spent.runs),
        show_duration(spent.training_seconds),
        show_amount(spent.energy_kwh, "kWh"),
        show_money(spent.money),
        show_amount(spent.co2e_kg, "kgCO2e"),
    )
