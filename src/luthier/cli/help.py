"""`luthier help`: what a word, a setting, an error or a page of the guide says; without one, the list of topics."""

from typing import Annotated

import typer

from luthier.cli import declare
from luthier.cli.render.help import explanation_view, hits_table, topics_view
from luthier.cli.terminal import Terminal
from luthier.services.help import Help

app = declare.shortcut()


@declare.command(app, "help")
def help_(
    terminal: Terminal,
    topic: Annotated[
        str | None,
        typer.Argument(metavar="TOPIC", help="A word, a setting, the code of an error, or a page of the guide."),
    ] = None,
    search: Annotated[str | None, typer.Option("--search", metavar="WORDS", help="Look for words everywhere.")] = None,
) -> None:
    """Explain a word, a setting, an error or a topic; without one, list them."""
    said = Help()
    if search is not None:
        hits = said.search(search)
        terminal.result(hits, lambda: hits_table(hits))
    elif topic is None:
        guides, terms = said.documents("guide"), said.terms()
        listed = {"topics": [page.name for page in guides], "terms": [term.term for term in terms]}
        terminal.result(listed, lambda: topics_view(guides, terms))
    else:
        found = said.explain(topic)
        terminal.result(found, lambda: explanation_view(found))
