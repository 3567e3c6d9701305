"""`luthier status`: what is at work and waits, what needs somebody, the machine, and what was spent."""

import typer

from luthier.cli import declare
from luthier.cli.render.overview import overview_document, show_overview
from luthier.cli.terminal import Terminal

app: typer.Typer = declare.shortcut()


@declare.command(app, "status")
def status(terminal: Terminal) -> None:
    """The whole workspace at one glance: the facts of the home page."""
    overview = terminal.workspace.overviews.now()
    terminal.result(overview_document(overview), lambda: show_overview(overview))
