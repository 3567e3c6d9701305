"""`luthier models`: base models on this machine, and how they get here."""

from typing import Annotated

import typer

from luthier.cli import declare
from luthier.cli.render.models import models_table, show_model
from luthier.cli.terminal import Terminal

app = declare.noun()


@declare.command(app, "list")
def list_(terminal: Terminal) -> None:
    """The base models that are ready to be used."""
    models = terminal.workspace.models.list()
    terminal.result(models, lambda: models_table(models))


@declare.command(app, "pull")
def pull(
    terminal: Terminal,
    model: Annotated[str, typer.Argument(metavar="MODEL", help="starter, or a hub id such as owner/name.")],
    again: Annotated[bool, typer.Option("--again", help="Fetch it even though it is here.")] = False,
) -> None:
    """Fetch a base model and verify it, so that it can be used without a network."""
    workspace = terminal.workspace
    found = terminal.patiently(
        f"Fetching {model}", lambda report: workspace.models.pull(model, again=again, on_progress=report)
    )
    terminal.result(found, lambda: show_model(found))
