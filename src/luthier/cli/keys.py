"""`luthier keys`: keys for programs that ask models under `/v1`."""

from typing import Annotated

import typer

from luthier.cli import declare
from luthier.cli.render.keys import hints_of, keys_table
from luthier.cli.render.text import plain
from luthier.cli.terminal import Terminal

app = declare.noun()


@declare.command(app, "make")
def make(
    terminal: Terminal,
    name: Annotated[str, typer.Argument(metavar="NAME", help="What it is for, e.g. the program that uses it.")],
    days: Annotated[
        int | None, typer.Option(min=1, max=3650, metavar="N", help="It ends by itself after N days.")
    ] = None,
) -> None:
    """Make a key and show it, once. It opens /v1 and nothing else."""
    made = terminal.workspace.keys.make(name, days)
    settings = terminal.workspace.settings
    terminal.result(made, lambda: [made.secret])
    terminal.say(*hints_of(made, f"http://{settings.host}:{settings.port}/v1"))


@declare.command(app, "list")
def list_(terminal: Terminal) -> None:
    """All keys, newest first, with those that were revoked."""
    keys = terminal.workspace.keys.list()
    terminal.result(keys, lambda: keys_table(keys))


@declare.command(app, "revoke")
def revoke(
    terminal: Terminal, key: Annotated[str, typer.Argument(metavar="KEY", help="Its name or id, not the key itself.")]
) -> None:
    """Take a key back; answers that are on their way to it end within seconds."""
    revoked = terminal.workspace.keys.revoke(key)
    terminal.result(revoked, lambda: [plain(f"The key {revoked.name} is revoked.")])
