"""`luthier runs pause, resume, remedy, stop, retry, cancel, clone`: what a person may ask of a run."""

import shlex
from collections.abc import Callable
from typing import Annotated

import typer

from luthier.cli import declare
from luthier.cli.asking import PriorityOption, SetOption
from luthier.cli.attend import attend
from luthier.cli.errors import NotUnderstood
from luthier.cli.follow import follow
from luthier.cli.render.health import show_offers
from luthier.cli.render.text import plain
from luthier.cli.run_documents import run_document
from luthier.cli.terminal import Terminal
from luthier.domain.health import RemedyName
from luthier.domain.run_states import RunState
from luthier.domain.runs import Run
from luthier.services.recipes import parse_pin

RunArgument = Annotated[str, typer.Argument(metavar="RUN", help="Name, id, or the beginning of an id.")]
WaitOption = Annotated[bool, typer.Option("--wait/--no-wait", help="Wait until its worker has saved a checkpoint.")]
DetachOption = Annotated[bool, typer.Option("--detach", help="Leave it in the background.")]


def add_wishes(app: typer.Typer) -> None:
    for name, body in _COMMANDS.items():
        declare.command(app, name)(body)


def pause(terminal: Terminal, run: RunArgument, wait: WaitOption = True) -> None:
    """Park a run with a checkpoint; `resume` goes on exactly from there."""
    paused = _ask_and_wait(terminal, terminal.workspace.runs.pause, run, wait)
    _say_state(terminal, paused)
    if paused.state is RunState.PAUSED:
        terminal.say("Go on from here:", plain(f"  luthier runs resume {shlex.quote(paused.name)}", "command"))


def resume(terminal: Terminal, run: RunArgument, detach: DetachOption = False) -> int:
    """Go on with a paused, failed or stopped run from its newest checkpoint."""
    return _ask_and_attend(terminal, terminal.workspace.runs.resume, run, detach)


def remedy(
    terminal: Terminal,
    run: RunArgument,
    name: Annotated[str | None, typer.Argument(metavar="REMEDY", help="One of those offered; none lists them.")] = None,
    detach: DetachOption = False,
) -> int:
    """Choose a remedy for what a run rests over, and go on; without one, list those on offer."""
    runs = terminal.workspace.runs
    if name is None:
        found, offers = runs.get(run), runs.offers(run)
        terminal.result(
            {"run_id": found.run_id, "anomaly": found.anomaly, "offers": offers, "remedies": found.remedies},
            lambda: show_offers(found, offers),
        )
        return 0
    known = next((each for each in RemedyName if each == name), None)
    if known is None:
        message = f"{name} is no remedy; choose from {', '.join(RemedyName)}."
        raise NotUnderstood(message=message, command=f"luthier runs remedy {shlex.quote(run)}")
    return _ask_and_attend(terminal, lambda reference: runs.remedy(reference, known), run, detach)


def stop(terminal: Terminal, run: RunArgument, wait: WaitOption = True) -> None:
    """End a run and keep its checkpoint; `resume` can still go on from there."""
    _say_state(terminal, _ask_and_wait(terminal, terminal.workspace.runs.stop, run, wait))


def retry(terminal: Terminal, run: RunArgument, detach: DetachOption = False) -> int:
    """Begin a failed or cancelled run again from its first step."""
    return _ask_and_attend(terminal, terminal.workspace.runs.retry, run, detach)


def cancel(terminal: Terminal, run: RunArgument) -> None:
    """End a run and throw its checkpoints away; its record and log stay."""
    _say_state(terminal, terminal.workspace.runs.cancel(run))


def clone(
    terminal: Terminal,
    run: RunArgument,
    pin: SetOption = None,
    name: Annotated[str | None, typer.Option(metavar="NAME", help="What to call the new run.")] = None,
    priority: PriorityOption = None,
    detach: DetachOption = False,
) -> int:
    """Start a new run from the recipe of another, with changes if you like."""
    runs = terminal.workspace.runs
    changes = dict(parse_pin(text) for text in pin or ()) | ({"name": name} if name else {})
    seq = runs.latest_seq()
    cloned = terminal.patiently(
        "Checking and planning", lambda report: runs.clone(run, changes, report, priority=priority)
    )
    return _attend(terminal, cloned, seq, detach)


def _ask_and_wait(terminal: Terminal, ask: Callable[[str], Run], run: str, wait: bool) -> Run:
    seq = terminal.workspace.runs.latest_seq()
    asked = ask(run)
    return follow(terminal, asked, seq) if wait else asked


def _ask_and_attend(terminal: Terminal, ask: Callable[[str], Run], run: str, detach: bool) -> int:
    seq = terminal.workspace.runs.latest_seq()
    return _attend(terminal, ask(run), seq, detach)


def _attend(terminal: Terminal, run: Run, seq: int, detach: bool) -> int:
    if detach:
        _say_state(terminal, run)
        return 0
    return attend(terminal, run, seq)


def _say_state(terminal: Terminal, run: Run) -> None:
    newest = terminal.workspace.runs.checkpoints(run.run_id)[:1] if run.keeps_checkpoint else []
    kept = f", and its checkpoint of step {newest[0].step} is kept" if newest else ""
    terminal.result(run_document(run), lambda: [plain(f"{run.name} is {run.state.value}{kept}.")])


_COMMANDS: dict[str, declare.Body] = {
    "pause": pause,
    "resume": resume,
    "remedy": remedy,
    "stop": stop,
    "retry": retry,
    "cancel": cancel,
    "clone": clone,
}
