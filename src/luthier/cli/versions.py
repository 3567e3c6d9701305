"""`luthier versions`: results that were registered, with what is needed to trust them."""

from typing import Annotated

import typer

from luthier.cli import declare
from luthier.cli.render.versions import show_version, versions_table
from luthier.cli.terminal import Terminal

app = declare.noun()


@declare.command(app, "list")
def list_(terminal: Terminal) -> None:
    """All versions, newest first."""
    versions = terminal.workspace.versions.list()
    terminal.result(versions, lambda: versions_table(versions))


@declare.command(app, "show")
def show(
    terminal: Terminal,
    version: Annotated[str, typer.Argument(metavar="VERSION", help="name, name@number, id, or its beginning.")],
) -> None:
    """One version: its base, its data, its proof, its files."""
    found = terminal.workspace.versions.get(version)
    terminal.result(found, lambda: show_version(found))
