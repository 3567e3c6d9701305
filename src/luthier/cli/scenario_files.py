"""`luthier scenarios rename`, `remove`, `removed` and `put-back`: the files of the workspace's own scenarios."""

from typing import Annotated

import typer

from luthier.cli import declare
from luthier.cli.render.text import plain
from luthier.cli.terminal import Terminal

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="Among the workspace's own, e.g. river/ford.md.")]


def add_to(app: typer.Typer) -> None:
    declare.command(app, "rename")(rename)
    declare.command(app, "remove")(remove)
    declare.command(app, "removed")(removed)
    declare.command(app, "put-back")(put_back)


def rename(
    terminal: Terminal,
    name: NameArgument,
    new_name: Annotated[str, typer.Argument(metavar="NEW", help="What it is called from now on.")],
) -> None:
    """Give a scenario of the workspace another name. An existing file is left alone."""
    renamed = terminal.workspace.own_scenarios.rename(name, new_name)
    terminal.result(renamed, lambda: [plain(renamed.path)])


def remove(terminal: Terminal, name: NameArgument) -> None:
    """Set a scenario of the workspace aside. It can be put back."""
    aside = terminal.workspace.removed_scenarios.remove(name)
    terminal.result({"removed": aside}, lambda: [plain(f"{name} is removed.")])
    terminal.say("If you want it again:", plain(f"  luthier scenarios put-back {aside}", "command"))


def removed(terminal: Terminal) -> None:
    """Scenarios that were removed and can be put back."""
    names = terminal.workspace.removed_scenarios.names()
    terminal.result(names, lambda: [plain(name) for name in names] or [plain("None was removed.")])


def put_back(terminal: Terminal, name: NameArgument) -> None:
    """Take a removed scenario back into the workspace."""
    back = terminal.workspace.removed_scenarios.put_back(name)
    terminal.result(back, lambda: [plain(back.path)])
