"""`luthier train`: a recipe from a file, options or both; then the run, watched or left in the background."""

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
    SetOption,
    ShapeOption,
    recipe_from,
)
from luthier.cli.attend import attend
from luthier.cli.render.plans import show_estimates
from luthier.cli.terminal import Terminal
from luthier.domain.queues import Priority

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
    limit: LimitOption = None,
    profile: ProfileOption = None,
    adapter: AdapterOption = None,
    health: HealthOption = None,
    name: Annotated[str | None, typer.Option(metavar="NAME", help="What to call the run.")] = None,
    skip_bad_rows: Annotated[bool, typer.Option("--skip-bad-rows", help="Leave out rows that have errors.")] = False,
    priority: PriorityOption = None,
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
        limits=tuple(limit or ()),
        profiles=tuple(profile or ()),
        adapter=adapter,
        health=health,
        name=name,
        skip_bad_rows=skip_bad_rows,
    )
    wanted = recipe_from(recipe, asked)
    seq = terminal.workspace.runs.latest_seq()
    urgency = priority or Priority.NORMAL
    run = terminal.patiently(
        "Checking and planning", lambda report: terminal.workspace.runs.submit(wanted, report, priority=urgency)
    )
    if detach:
        document: dict[str, Any] = {"run_id": run.run_id, "name": run.name, "state": run.state.value}
        terminal.result(document, lambda: [run.run_id])
        terminal.say(f"Watch it: luthier runs watch {run.name}")
        return 0
    terminal.say(*show_estimates(run.plan))
    return attend(terminal, run, seq)
