"""`luthier train`: a recipe from a file, options or both; then the run, watched or left in the background."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from luthier.cli import declare
from luthier.cli.asking import (
    AdapterOption,
    AskedFor,
    BaseOption,
    DataOption,
    HealthOption,
    HeldOutOption,
    LimitOption,
    MapOption,
    MethodOption,
    PriorityOption,
    ProfileOption,
    RewardOption,
    SetOption,
    ShapeOption,
    recipe_from,
)
from luthier.cli.attend import attend
from luthier.cli.render.plans import show_estimates
from luthier.cli.terminal import Terminal
from luthier.domain.amounts import show_estimate
from luthier.domain.queues import Priority
from luthier.domain.recipes import Recipe
from luthier.domain.runs import Run
from luthier.domain.sweeps import SweepForecast
from luthier.services.recipes import parse_sweep

app = declare.shortcut()


@declare.command(app, "train")
def train(  # noqa: PLR0913 - a command's options are its parameters
    terminal: Terminal,
    recipe: Annotated[Path | None, typer.Argument(metavar="RECIPE.yaml", help="A recipe file.")] = None,
    base: BaseOption = None,
    data: DataOption = None,
    held_out: HeldOutOption = None,
    shape: ShapeOption = None,
    column: MapOption = None,
    pin: SetOption = None,
    method: MethodOption = None,
    reward: RewardOption = None,
    limit: LimitOption = None,
    profile: ProfileOption = None,
    adapter: AdapterOption = None,
    health: HealthOption = None,
    name: Annotated[str | None, typer.Option(metavar="NAME", help="What to call the run.")] = None,
    skip_bad_rows: Annotated[bool, typer.Option("--skip-bad-rows", help="Leave out rows that have errors.")] = False,
    priority: PriorityOption = None,
    sweep: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=V1,V2", help="Try every one of these values, each in a run; may be repeated."),
    ] = None,
    detach: Annotated[
        bool, typer.Option("--detach", help="Print the run's id and leave it in the background.")
    ] = False,
) -> int:
    """Tune a base model on your own examples.

    Ctrl-C pauses the run with a checkpoint; `luthier runs resume` goes on from there.
    """
    asked = AskedFor(
        base=base,
        data=data,
        held_out=held_out,
        shape=shape,
        columns=tuple(column or ()),
        pins=tuple(pin or ()),
        method=method,
        rewards=tuple(reward or ()),
        limits=tuple(limit or ()),
        profiles=tuple(profile or ()),
        adapter=adapter,
        health=health,
        name=name,
        skip_bad_rows=skip_bad_rows,
    )
    wanted = recipe_from(recipe, asked)
    urgency = priority or Priority.NORMAL
    if sweep:
        return _sweep(terminal, wanted, sweep, urgency)
    seq = terminal.workspace.runs.latest_seq()
    run = terminal.patiently(
        "Checking and planning", lambda report: terminal.workspace.runs.submit(wanted, report, priority=urgency)
    )
    if detach:
        return _leave(terminal, run)
    terminal.say(*show_estimates(run.plan))
    return attend(terminal, run, seq)


def _leave(terminal: Terminal, run: Run) -> int:
    document: dict[str, Any] = {"run_id": run.run_id, "name": run.name, "state": run.state.value}
    terminal.result(document, lambda: [run.run_id])
    terminal.say(f"Watch it: luthier runs watch {run.name}")
    return 0


def _sweep(terminal: Terminal, recipe: Recipe, tried: Sequence[str], priority: Priority) -> int:
    """Its runs take their turns in the background."""
    values = dict(parse_sweep(text) for text in tried)
    runs = terminal.patiently(
        "Checking and planning",
        lambda report: terminal.workspace.runs.sweep(recipe, values, report, priority=priority),
    )
    document = [{"run_id": run.run_id, "name": run.name, "state": run.state.value} for run in runs]
    terminal.result(document, lambda: [f"{run.run_id}  {run.name}" for run in runs])
    forecast = SweepForecast(runs=tuple((run.sweep, run.plan) for run in runs if run.sweep and run.plan))
    terminal.say(f"All of them, one after the other: {show_estimate(forecast.duration)}")
    terminal.say("Watch them: luthier runs list")
    sweep_id = next(run.sweep.sweep_id for run in runs if run.sweep)
    terminal.say(f"Compare them: luthier runs compare --sweep {sweep_id}")
    return 0
