"""`luthier plans`: what a run would do on this machine, before anything is started."""

from pathlib import Path
from typing import Annotated

import typer

from luthier.cli import declare
from luthier.cli.asking import (
    AdapterOption,
    AskedFor,
    BaseOption,
    DataOption,
    HeldOutOption,
    LimitOption,
    MapOption,
    MethodOption,
    ProfileOption,
    RewardOption,
    SetOption,
    ShapeOption,
    recipe_from,
)
from luthier.cli.render.calibration import show_calibration
from luthier.cli.render.plans import show_plan
from luthier.cli.render.profiles import show_profiles
from luthier.cli.terminal import Terminal

app = declare.noun()


@declare.command(app, "make")
def make(  # noqa: PLR0913 - a command's options are its parameters
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
    trace: Annotated[
        bool, typer.Option("--trace", help="Trace one layer of the base first, once: narrows the range of memory.")
    ] = False,
) -> None:
    """Resolve a recipe for this machine: every value with its reason, every estimate with its range."""
    asked = AskedFor(
        base=base,
        data=data,
        held_out=held_out,
        shape=shape,
        columns=tuple(column or ()),
        pins=tuple(pin or ()),
        method=method,
        limits=tuple(limit or ()),
        profiles=tuple(profile or ()),
        adapter=adapter,
        rewards=tuple(reward or ()),
    )
    wanted = recipe_from(recipe, asked)
    plan = terminal.patiently("Planning", lambda report: terminal.workspace.plans.make(wanted, report, trace=trace))
    terminal.result(plan, lambda: show_plan(plan, defaults=True))


@declare.command(app, "profiles")
def profiles(terminal: Terminal) -> None:
    """The profiles that --profile takes: what each sets, and why. Your own are TOML files in the workspace."""
    found = terminal.workspace.plans.profiles()
    terminal.result(found, lambda: show_profiles(found))


@declare.command(app, "calibrate")
def calibrate(terminal: Terminal) -> None:
    """What plans expected of the runs on this machine, what was measured, and what was learnt from the difference."""
    found = terminal.workspace.plans.calibration()
    terminal.result(found, lambda: show_calibration(found))
