"""`luthier models`: base models on this machine, and how they get here."""

from typing import Annotated

import typer

from luthier.cli import declare
from luthier.cli.errors import GOOD, NEEDS_ATTENTION
from luthier.cli.render.models import choice_table, compared_models, models_table, show_model, show_removal
from luthier.cli.render.text import plain
from luthier.cli.terminal import Terminal
from luthier.domain.model_cards import ModelQuery, PlaceFilter

app = declare.noun()


@declare.command(app, "list")
def list_(terminal: Terminal) -> None:
    """The base models that are ready to be used."""
    models = terminal.workspace.models.list()
    terminal.result(models, lambda: models_table(models))


@declare.command(app, "search")
def search(
    terminal: Terminal,
    text: Annotated[str, typer.Argument(metavar="[TEXT]", help="Part of a name.")] = "",
    hub: Annotated[bool, typer.Option("--hub", help="Ask the hub now; else only what is known already.")] = False,
    here: Annotated[bool, typer.Option("--here", help="Only what is on this machine, GGUF files among it.")] = False,
    fits: Annotated[bool, typer.Option("--fits", help="Only what could be tuned on this machine.")] = False,
    licence: Annotated[str, typer.Option(metavar="NAME", help="Only under this licence, e.g. apache-2.0.")] = "",
    most: Annotated[float, typer.Option(min=0, metavar="B", help="At most so many thousand million weights.")] = 0,
) -> None:
    """Models to start from: here, well known, or on the hub; with size, licence, and whether they fit."""
    place: PlaceFilter = "here" if here else ""
    query = ModelQuery(text=text, place=place, ask_hub=hub, fits_only=fits, licence=licence, most_parameters=most)
    found = terminal.workspace.model_browser.find(query)
    terminal.result(found, lambda: choice_table(found))
    if found.hub_problem:
        terminal.say(found.hub_problem)


@declare.command(app, "pull")
def pull(
    terminal: Terminal,
    model: Annotated[
        str, typer.Argument(metavar="MODEL", help="starter, a hub id such as owner/name, or a GGUF file here.")
    ],
    again: Annotated[bool, typer.Option("--again", help="Fetch it even though it is here.")] = False,
) -> None:
    """Fetch a base model and verify it, so that it can be used without a network."""
    workspace = terminal.workspace
    found = terminal.patiently(
        f"Fetching {model}", lambda report: workspace.models.pull(model, again=again, on_progress=report)
    )
    terminal.result(found, lambda: show_model(found))


@declare.command(app, "compare")
def compare(
    terminal: Terminal,
    models: Annotated[list[str], typer.Argument(metavar="MODEL MODEL...", help="Two or three: names or folders.")],
    hub: Annotated[bool, typer.Option("--hub", help="Ask the hub for what is not known of those not here.")] = False,
) -> None:
    """Base models side by side: sizes, context, licence, family, tokenizer, and whether they fit this machine."""
    with terminal.progress("Looking at them"):
        compared = terminal.workspace.model_comparisons.of(models, ask_hub=hub)
    terminal.result(compared, lambda: compared_models(compared))


@declare.command(app, "remove")
def remove(
    terminal: Terminal,
    model: Annotated[str, typer.Argument(metavar="MODEL", help="starter, or a hub id such as owner/name.")],
    yes: Annotated[bool, typer.Option("--yes", help="Remove it; without this, see what would be lost.")] = False,
) -> int:
    """Remove a base model and its fetched copy; one that a run or a version needs stays."""
    removal = terminal.workspace.model_removal
    if yes:
        gone = removal.remove(model)
        terminal.result(gone, lambda: [plain(gone.sentence)])
        return GOOD
    use = removal.use(model)
    terminal.result(use, lambda: show_removal(use))
    return NEEDS_ATTENTION
