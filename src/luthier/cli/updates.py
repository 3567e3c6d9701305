"""`luthier updates`: what is known of newer versions, and asking for them now."""

from luthier.cli import declare
from luthier.cli.render.updates import show_news
from luthier.cli.terminal import Terminal

app = declare.noun()


@declare.command(app, "show")
def show(terminal: Terminal) -> None:
    """What was said when it was asked last; nothing is asked now."""
    news = terminal.workspace.updates.known()
    terminal.result(news, lambda: show_news(news))


@declare.command(app, "look")
def look(terminal: Terminal) -> None:
    """Ask the package index whether there is a newer version. Nothing is installed."""
    with terminal.progress("Asking the package index"):
        news = terminal.workspace.updates.look()
    terminal.result(news, lambda: show_news(news))
