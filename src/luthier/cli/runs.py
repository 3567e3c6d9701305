"""`luthier runs`: list, show, watch, stop, resume, cancel, metrics, logs."""

from typing import Annotated, Any

import typer

from luthier.cli import declare
from luthier.cli.attend import attend
from luthier.cli.errors import NotUnderstood, problem_document
from luthier.cli.follow import RESTING, follow
from luthier.cli.outcome import outcome_document, report_outcome, show_outcome
from luthier.cli.render.preflight import show_preflight
from luthier.cli.render.runs import metrics_table, runs_table, show_alerts, show_run
from luthier.cli.render.text import heading, plain
from luthier.cli.terminal import Terminal
from luthier.domain.run_states import RunState
from luthier.domain.runs import Run

app = declare.noun()

RunArgument = Annotated[str, typer.Argument(metavar="RUN", help="Name, id, or the beginning of an id.")]
_STATES = ", ".join(state.value for state in RunState)


@declare.command(app, "list")
def list_(
    terminal: Terminal,
    state: Annotated[
        list[str] | None, typer.Option(metavar="STATE", help=f"Only runs in this state; may be repeated: {_STATES}.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, metavar="N", help="How many at most.")] = 50,
) -> None:
    """Runs, newest first."""
    unknown = [name for name in state or () if name not in set(RunState)]
    if unknown:
        raise NotUnderstood(message=f"{unknown[0]} is no state; choose from {_STATES}.", command="luthier runs list")
    states = {RunState(name) for name in state} if state else None
    runs = terminal.workspace.runs.list(limit=limit, states=states)
    terminal.result([run_document(run) for run in runs], lambda: runs_table(runs))


@declare.command(app, "show")
def show(
    terminal: Terminal,
    run: RunArgument,
    tokens: Annotated[bool, typer.Option("--tokens", help="Show examples as the model sees them.")] = False,
) -> None:
    """One run: its state, its figures, what preflight found, its proof."""
    runs = terminal.workspace.runs
    found = runs.get(run)
    losses = runs.metrics(found.run_id, names=("loss",))
    checkpoints = runs.checkpoints(found.run_id)
    preflight = runs.preflight(found.run_id)
    alerts = runs.alerts(found.run_id)

    def view() -> Any:
        yield from show_run(found, losses, checkpoints)
        yield from show_alerts(alerts)
        if preflight:
            yield heading("Preflight")
            yield from show_preflight(preflight, rows=3 if tokens or preflight.errors else 0)
        if found.state is RunState.COMPLETED:
            yield from show_outcome(terminal.workspace, found)

    document = {
        **run_document(found),
        **outcome_document(terminal.workspace, found),
        "checkpoints": checkpoints,
        "preflight": preflight,
        "alerts": alerts,
        "plan": found.plan,
    }
    terminal.result(document, view)


@declare.command(app, "watch")
def watch(terminal: Terminal, run: RunArgument) -> int:
    """Follow a run to its end. Ctrl-C ends the watching, never the run."""
    workspace = terminal.workspace
    seq = workspace.runs.latest_seq()
    found = workspace.runs.get(run)
    if found.state not in RESTING:
        terminal.say(plain(f"{found.name} ({found.run_id}). Ctrl-C ends the watching, not the run."))
    return report_outcome(terminal, follow(terminal, found, seq))


@declare.command(app, "stop")
def stop(
    terminal: Terminal,
    run: RunArgument,
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="Wait until it has parked.")] = True,
) -> None:
    """Park a run with a checkpoint; `resume` goes on exactly from there."""
    workspace = terminal.workspace
    seq = workspace.runs.latest_seq()
    stopped = workspace.runs.stop(run)
    if wait:
        stopped = follow(terminal, stopped, seq)
    _say_state(terminal, stopped)
    if stopped.state is RunState.PAUSED:
        terminal.say("Go on from here:", plain(f"  luthier runs resume {stopped.name}", "command"))


@declare.command(app, "resume")
def resume(
    terminal: Terminal,
    run: RunArgument,
    detach: Annotated[bool, typer.Option("--detach", help="Leave it in the background.")] = False,
) -> int:
    """Go on with a paused or failed run from its newest checkpoint."""
    workspace = terminal.workspace
    seq = workspace.runs.latest_seq()
    resumed = workspace.runs.resume(run)
    if detach:
        _say_state(terminal, resumed)
        return 0
    return attend(terminal, resumed, seq)


@declare.command(app, "cancel")
def cancel(terminal: Terminal, run: RunArgument) -> None:
    """End a run for good and throw its checkpoints away; its record and log stay."""
    _say_state(terminal, terminal.workspace.runs.cancel(run))


@declare.command(app, "metrics")
def metrics(
    terminal: Terminal,
    run: RunArgument,
    name: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Only this one, e.g. loss; may be repeated.")
    ] = None,
    after: Annotated[int, typer.Option(min=0, metavar="STEP", help="Only steps after this one.")] = 0,
    last: Annotated[int, typer.Option(min=1, metavar="N", help="How many steps the table shows.")] = 20,
) -> None:
    """What was measured at each step, at full precision under --json."""
    points = terminal.workspace.runs.metrics(run, names=name, after_step=after)
    terminal.result(points, lambda: metrics_table(points, last))


@declare.command(app, "logs")
def logs(
    terminal: Terminal,
    run: RunArgument,
    lines: Annotated[int, typer.Option(min=1, max=10_000, metavar="N", help="How many lines from the end.")] = 200,
) -> None:
    """The end of the worker's log."""
    tail = terminal.workspace.runs.log_tail(run, lines)
    if terminal.options.as_json:
        terminal.result({"lines": tail}, lambda: [])
        return
    for line in tail or ["The log is empty."]:
        terminal.out.print(plain(line), soft_wrap=True)


def run_document(run: Run) -> dict[str, Any]:
    document = run.model_dump(mode="json", exclude={"plan", "losses_of_worker", "token"})
    return document | {"problem": problem_document(run.problem) if run.problem else None}


def _say_state(terminal: Terminal, run: Run) -> None:
    terminal.result(run_document(run), lambda: [plain(f"{run.name} is {run.state.value}.")])
