"""`luthier serve`: the pages and the API of one workspace, until Ctrl-C."""

from typing import Annotated

import typer

from luthier.cli import declare
from luthier.cli.terminal import Terminal
from luthier.server.serve import Ready
from luthier.server.serve import serve as serve_workspace

app = declare.shortcut()


@declare.command(app, "serve")
def serve(
    terminal: Terminal,
    host: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Address to listen on (default: this machine only).")
    ] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, metavar="PORT", help="Port; 0 takes any that is free.")
    ] = None,
    no_open: Annotated[bool, typer.Option("--no-open", help="Do not open the browser.")] = False,
) -> None:
    """Open the workshop in the browser. The printed link signs you in; it works once."""
    workspace = terminal.workspace
    settings = workspace.settings

    def announce(ready: Ready) -> None:
        terminal.result(
            ready,
            lambda: [f"Luthier is ready at {ready.url}", f"Sign in: {ready.sign_in_url}"],
        )
        terminal.say("Ctrl-C ends it; runs go on.")

    serve_workspace(
        workspace,
        settings.host if host is None else host,
        settings.port if port is None else port,
        open_browser=not no_open,
        on_ready=announce,
    )
