"""`luthier backups`: make, list, check, restore."""

from pathlib import Path
from typing import Annotated

import typer

from luthier.cli import declare
from luthier.cli.errors import GOOD, NEEDS_ATTENTION
from luthier.cli.render.backups import backups_table, show_backup
from luthier.cli.render.text import plain
from luthier.cli.terminal import Terminal
from luthier.domain.backups import BackupOptions
from luthier.kit.clock import SystemClock
from luthier.services.restoring import restore_backup
from luthier.settings import Settings

app = declare.noun()

PathArgument = Annotated[Path, typer.Argument(metavar="PATH", help="A backup's file, or its name in the list.")]


@declare.command(app, "make")
def make(
    terminal: Terminal,
    path: Annotated[
        Path | None, typer.Argument(metavar="PATH", help="The file to make (default: in the folder of backups).")
    ] = None,
    without_models: Annotated[
        bool, typer.Option("--without-models", help="Leave base models out; those of the hub can be fetched again.")
    ] = False,
    with_secrets: Annotated[
        bool, typer.Option("--with-secrets", help="Also keys and sign-ins; keep such a file as you keep a key.")
    ] = False,
) -> int:
    """Back up the whole workspace into one file, while it is at work. Exits with 3 when something was left out."""
    backups = terminal.workspace.backups
    options = BackupOptions(models=not without_models, secrets=with_secrets)
    target = backups.place_for(path) if path else backups.place_of(None)
    made = terminal.patiently("Backing up", lambda report: backups.make(target, options, report))
    terminal.result(made, lambda: show_backup(made))
    return NEEDS_ATTENTION if made.left_out else GOOD


@declare.command(app, "list")
def list_(terminal: Terminal) -> None:
    """The backups in the workspace's own folder, newest first."""
    backups = terminal.workspace.backups.list()
    terminal.result(backups, lambda: backups_table(backups))


@declare.command(app, "check")
def check(terminal: Terminal, path: PathArgument) -> None:
    """Read every byte of a backup and say whether it is as it was made."""
    backups = terminal.workspace.backups
    found = terminal.patiently("Checking", lambda report: backups.check(backups.place_for(path), report))
    terminal.result(found, lambda: [plain("Every byte is as it was written.", "good"), *show_backup(found)])


@declare.command(app, "restore")
def restore(terminal: Terminal, path: PathArgument) -> None:
    """Check a backup and make a workspace of it, in the folder of --workspace, where nothing may be yet."""
    settings = Settings()
    if terminal.options.workspace is not None:
        settings = settings.model_copy(update={"home": terminal.options.workspace})
    restored = terminal.patiently("Restoring", lambda report: restore_backup(path, settings, SystemClock(), report))
    words = [plain(f"Restored in {restored.workspace_folder}.", "good"), *show_backup(restored.backup)]
    terminal.result(restored, lambda: words)
    if restored.going_on:
        names = ", ".join(restored.going_on)
        terminal.say(f"These go on from their newest checkpoint when the workspace is next used: {names}.")
