"""`luthier settings`: what is set, by whom, and what goes because it was kept for long enough."""

from typing import Annotated

import typer

from luthier.cli import declare
from luthier.cli.render.settings import leaving_table, setting_facts, settings_table
from luthier.cli.render.text import plain
from luthier.cli.terminal import Terminal
from luthier.domain.kept_settings import shown
from luthier.services.kept_settings import KeptSettings
from luthier.workspace import kept_settings_of

app = declare.noun()

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="As `luthier settings list` shows it.")]


@declare.command(app, "list")
def list_(terminal: Terminal) -> None:
    """Every setting with its value, and whether the file or the environment decides it."""
    standings = _settings(terminal).list()
    terminal.result(standings, lambda: settings_table(standings))


@declare.command(app, "show")
def show(terminal: Terminal, name: NameArgument) -> None:
    """One setting: what it does, what it takes, what decides it."""
    standing = _settings(terminal).get(name)
    terminal.result(standing, lambda: setting_facts(standing))


@declare.command(app, "set")
def set_(
    terminal: Terminal,
    name: NameArgument,
    value: Annotated[str, typer.Argument(metavar="VALUE", help="An empty text goes back to the default.")],
) -> None:
    """Keep a setting in the workspace's settings.toml."""
    settings = _settings(terminal)
    settings.change({name: value})
    standing = settings.get(name)
    terminal.result(standing, lambda: [plain(f"{name} is now {shown(standing.value) or standing.none}.")])
    if not standing.at_once:
        terminal.say("A server that is running takes it up when it is started again.")


@declare.command(app, "unset")
def unset(terminal: Terminal, name: NameArgument) -> None:
    """Take a setting out of the file, also one that makes the file unreadable."""
    _settings(terminal).unset(name)
    terminal.result({"unset": name}, lambda: [plain(f"{name} is no longer set in the file.")])


@declare.command(app, "tidy")
def tidy(
    terminal: Terminal,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would go, and leave it.")] = False,
) -> None:
    """Remove chats, logs and checkpoints that are older than the settings keep them; a server does so by itself."""
    retention = terminal.workspace.retention
    gone = retention.leaving() if dry_run else retention.apply()
    terminal.result(gone, lambda: leaving_table(gone, dry_run))


def _settings(terminal: Terminal) -> KeptSettings:
    """Also where the workspace cannot be opened because its file of settings is damaged."""
    return kept_settings_of(terminal.options.workspace)
