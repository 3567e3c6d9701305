"""`luthier demo`: the whole path on the sample task, from examples to a model that is proven better."""

from typing import Annotated

import typer

from luthier.cli import declare
from luthier.cli.attend import attend
from luthier.cli.render.datasets import show_report
from luthier.cli.render.plans import show_plan
from luthier.cli.render.text import heading, soft
from luthier.cli.terminal import Terminal
from luthier.services.sample_task import sample_recipe

app = declare.shortcut()


@declare.command(app, "demo")
def demo(
    terminal: Terminal,
    quick: Annotated[
        bool, typer.Option("--quick", help="A smaller run: fewer steps, fewer held-out examples.")
    ] = False,
    base: Annotated[str, typer.Option(metavar="MODEL", help="Another base model than the starter.")] = "starter",
) -> int:
    """Tune the starter model on a sample task and prove that it got better.

    The task: orders to a workshop in free text, each to become one strict JSON object. Takes a few minutes.
    """
    recipe, workspace = sample_recipe(base=base, quick=quick), terminal.workspace
    terminal.say(heading("1. The examples"), *show_report(workspace.datasets.check(recipe.data)))
    model = terminal.patiently(f"Getting {base}", lambda report: workspace.models.get(base, report))
    terminal.say(heading("2. The base model"), soft(f"{model.name}: {model.source}; licence {model.licence}"))
    plan = terminal.patiently("Planning", lambda report: workspace.plans.make(recipe, report))
    terminal.say(heading("3. The plan"), *show_plan(plan, defaults=False))
    terminal.say(heading("4. Preflight, training and proof"))
    seq = workspace.runs.latest_seq()
    run = terminal.patiently("Submitting", lambda report: workspace.runs.submit(recipe, report))
    return attend(terminal, run, seq)
