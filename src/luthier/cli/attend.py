"""Stays with a run in the foreground: Ctrl-C pauses it with a checkpoint, a second one leaves it to itself."""

import shlex

from luthier.cli.errors import INTERRUPTED
from luthier.cli.follow import follow
from luthier.cli.outcome import report_outcome
from luthier.cli.render.text import plain
from luthier.cli.terminal import Terminal
from luthier.domain.run_states import RunMove, RunState, allowed_moves
from luthier.domain.runs import Run


def attend(terminal: Terminal, run: Run, after_seq: int) -> int:
    terminal.say(f"Run {run.name} ({run.run_id}). Ctrl-C pauses it with a checkpoint.")
    try:
        return report_outcome(terminal, follow(terminal, run, after_seq))
    except KeyboardInterrupt:
        return pause_it(terminal, run)


def pause_it(terminal: Terminal, run: Run) -> int:
    """And stays until it rests, or is left to itself."""
    try:
        run = terminal.workspace.runs.get(run.run_id)
        seq = terminal.workspace.runs.latest_seq()
        if RunMove.PAUSE in allowed_moves(run.state):
            terminal.say("Pausing with a checkpoint. Ctrl-C again: do not wait for it.")
            run = terminal.workspace.runs.pause(run.run_id)
        run = follow(terminal, run, seq)
    except KeyboardInterrupt:
        return _leave(terminal, run)
    if run.state is not RunState.PAUSED:
        return report_outcome(terminal, run)
    terminal.result(
        {"run_id": run.run_id, "name": run.name, "state": run.state.value, "steps": run.step},
        lambda: [plain(f"{run.name} is paused at step {run.step} of {run.total_steps}; nothing is lost.")],
    )
    terminal.say("Go on from here:", plain(f"  luthier runs resume {shlex.quote(run.name)}", "command"))
    return INTERRUPTED


def _leave(terminal: Terminal, run: Run) -> int:
    name = shlex.quote(run.name)
    terminal.say(
        plain(f"{run.name} is left to itself in the background. Watch it, or throw it away:"),
        plain(f"  luthier runs watch {name}", "command"),
        plain(f"  luthier runs cancel {name}", "command"),
    )
    return INTERRUPTED
