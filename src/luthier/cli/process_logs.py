"""`luthier logs`: what the server and the supervisor of a workspace said."""

from typing import Annotated

import typer

from luthier.cli import declare
from luthier.cli.errors import NotUnderstood
from luthier.cli.logs import show_log
from luthier.cli.terminal import Terminal
from luthier.domain.logs import LEVELS

app = declare.shortcut()

_POLL_SECONDS = 0.5


@declare.command(app, "logs")
def logs(
    terminal: Terminal,
    source: Annotated[str, typer.Argument(metavar="PROCESS", help="server or supervisor.")] = "server",
    lines: Annotated[int, typer.Option(min=1, max=10_000, metavar="N", help="How many lines from the end.")] = 200,
    search: Annotated[str, typer.Option(metavar="WORDS", help="Lines in which all of them stand, ids included.")] = "",
    level: Annotated[str, typer.Option(metavar="LEVEL", help=f"The least grave: {', '.join(LEVELS)}.")] = "output",
    follow: Annotated[bool, typer.Option("--follow", help="Go on until Ctrl-C.")] = False,
) -> None:
    """The end of a log; under --json as one document, or with --follow as one line each."""
    least = next((each for each in LEVELS if each == level), None)
    if least is None:
        raise NotUnderstood(message=f"{level} is no level; choose from {', '.join(LEVELS)}.", command="luthier logs")
    workspace = terminal.workspace
    piece = workspace.process_logs.tail(source, lines, least, search)
    if terminal.options.as_json and not follow:
        terminal.result({"lines": piece.lines}, lambda: [])
        return
    show_log(terminal, piece.lines)
    if not piece.lines:
        terminal.say("The log has no such lines.")
    while follow:
        workspace.clock.sleep(_POLL_SECONDS)
        piece = workspace.process_logs.after(source, piece.offset, least, search)
        show_log(terminal, piece.lines)
