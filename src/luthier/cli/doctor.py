"""`luthier doctor`: whether this machine and the workspace are fit for work, and how fast the machine is."""

from typing import Annotated

import typer

from luthier.cli import declare
from luthier.cli.errors import GOOD, NEEDS_ATTENTION
from luthier.cli.render.doctor import show_checkup, show_rates, show_reindexed
from luthier.cli.render.text import plain
from luthier.cli.terminal import Terminal
from luthier.domain.checkup import Checkup, Verdict
from luthier.domain.errors import LuthierError, Problem, UnexpectedFailure
from luthier.kit.clock import SystemClock
from luthier.services.doctor import examine_without_workspace
from luthier.services.reindexing import reindex as reindex_workspace
from luthier.settings import Settings

app = declare.shortcut()


@declare.command(app, "doctor")
def doctor(
    terminal: Terminal,
    refresh: Annotated[
        bool, typer.Option("--refresh", help="Look at the hardware anew instead of what was seen minutes ago.")
    ] = False,
    reindex: Annotated[
        bool, typer.Option("--reindex", help="First make a lost or damaged database anew from the workspace's folders.")
    ] = False,
    measure: Annotated[
        bool, typer.Option("--measure", help="First measure how fast this machine is; takes about a minute.")
    ] = False,
) -> int:
    """Check Python, the machine, its GPUs, torch, optional parts and the workspace.

    Each finding has a level, a reason, and the command that mends it. Exit code 3 when something will not work.
    """
    if reindex:
        _reindex(terminal)
    if measure:
        rates = terminal.patiently("Measuring this machine", terminal.workspace.measuring.run)
        terminal.say(*show_rates(rates))
        if terminal.workspace.machine.rates() != rates:
            terminal.say(plain("Not kept: the machine was busy, so the rates of a quieter time stay.", "warn"))
    checkup = terminal.patiently("Looking", lambda _: _examined(terminal, refresh))
    terminal.result(checkup, lambda: show_checkup(checkup))
    return NEEDS_ATTENTION if checkup.count(Verdict.ERROR) else GOOD


def _reindex(terminal: Terminal) -> None:
    done = terminal.patiently(
        "Reading", lambda report: reindex_workspace(_settings_of(terminal), SystemClock(), report)
    )
    terminal.say(*show_reindexed(done))


def _settings_of(terminal: Terminal) -> Settings:
    folder = terminal.options.workspace
    return Settings() if folder is None else Settings().model_copy(update={"home": folder})


def _examined(terminal: Terminal, refresh: bool) -> Checkup:
    """Also where the workspace cannot be opened, because then it is wanted most."""
    try:
        workspace = terminal.workspace
    except LuthierError as error:
        return _without_workspace(terminal, error.problem)
    except OSError as error:
        return _without_workspace(terminal, UnexpectedFailure(what=f"{error.filename}: {error.strerror}").problem)
    return workspace.doctor.examine(refresh=refresh)


def _without_workspace(terminal: Terminal, problem: Problem) -> Checkup:
    return examine_without_workspace(_settings_of(terminal).workspace_folder, problem, SystemClock())
