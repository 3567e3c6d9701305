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
    MapOption,
    MethodOption,
    SetOption,
    ShapeOption,
    recipe_from,
)
from luthier.cli.render.plans import show_plan
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
    adapter: AdapterOption = None,
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
        adapter=adapter,
    )
    wanted = recipe_from(recipe, asked)
    plan = terminal.patiently("Planning", lambda report: terminal.workspace.plans.make(wanted, report))
    terminal.result(plan, lambda: show_plan(plan, defaults=True))
