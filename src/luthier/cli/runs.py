"""`luthier runs`: list, show and watch runs, and look into their metrics and logs."""

from collections.abc import Collection
from typing import Annotated, Any, get_args

import typer

from luthier.cli import declare
from luthier.cli.comparing import compare
from luthier.cli.consoles import print_csv
from luthier.cli.errors import NotUnderstood
from luthier.cli.follow import RESTING, follow
from luthier.cli.logs import follow_log, show_log
from luthier.cli.outcome import outcome_document, report_outcome, show_outcome
from luthier.cli.render.health import show_alerts
from luthier.cli.render.preflight import show_preflight
from luthier.cli.render.runs import CURVE_WIDTH, metrics_table, runs_table, show_answers, show_run
from luthier.cli.render.text import heading, plain
from luthier.cli.run_documents import run_document
from luthier.cli.run_wishes import RunArgument, add_wishes
from luthier.cli.terminal import Terminal
from luthier.domain.logs import LEVELS
from luthier.domain.recipes import Method
from luthier.domain.run_queries import RunQuery, RunSort
from luthier.domain.run_states import RunState

app = declare.noun()

_STATES = ", ".join(state.value for state in RunState)
_SORTS: tuple[RunSort, ...] = get_args(RunSort)


@declare.command(app, "list")
def list_(  # noqa: PLR0913 - a command's options are its parameters
    terminal: Terminal,
    state: Annotated[
        list[str] | None, typer.Option(metavar="STATE", help=f"Only runs in this state; may be repeated: {_STATES}.")
    ] = None,
    method: Annotated[str | None, typer.Option(metavar="METHOD", help="Only of this method, e.g. dpo.")] = None,
    base: Annotated[str, typer.Option(metavar="MODEL", help="Only from this base, as the recipe names it.")] = "",
    text: Annotated[str, typer.Option(metavar="WORDS", help="Only with these words in name, base or data.")] = "",
    sweep: Annotated[str, typer.Option(metavar="ID", help="Only of this sweep.")] = "",
    sort: Annotated[str, typer.Option(metavar="ORDER", help=f"By {', '.join(_SORTS)}.")] = "made",
    reverse: Annotated[bool, typer.Option("--reverse", help="The other way round.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=1000, metavar="N", help="How many at most.")] = 50,
) -> None:
    """Runs, the newest first unless they are sorted by something else."""
    for name in state or ():
        _require(name, tuple(RunState), "state")
    query = RunQuery(
        states=frozenset(map(RunState, state)) if state else None,
        method=_require(method, get_args(Method), "method") if method else None,
        base=base,
        text=text,
        sweep=sweep,
        sort=_require(sort, _SORTS, "order"),
        reverse=reverse,
    )
    runs = terminal.workspace.runs.matching(query, limit)
    places = {place.run_id: place for place in terminal.workspace.queue.places()}
    documents = [run_document(run, places.get(run.run_id)) for run in runs]
    is_narrowed = query != RunQuery(sort=query.sort, reverse=reverse)
    terminal.result(documents, lambda: runs_table(runs, places, is_narrowed))


def _require(said: str, known: Collection[Any], what: str) -> Any:
    """The one of `known` that was said."""
    if found := [each for each in known if each == said]:
        return found[0]
    choices = ", ".join(known)
    raise NotUnderstood(message=f"{said} is no {what}; choose from {choices}.", command="luthier runs list")


@declare.command(app, "show")
def show(
    terminal: Terminal,
    run: RunArgument,
    tokens: Annotated[bool, typer.Option("--tokens", help="Show examples as the model sees them.")] = False,
) -> None:
    """One run: its state, its figures, what preflight found, its proof."""
    runs = terminal.workspace.runs
    found = runs.get(run)
    losses = terminal.workspace.curves.sketch(found.run_id, "loss", CURVE_WIDTH)
    checkpoints = runs.checkpoints(found.run_id)
    preflight = runs.preflight(found.run_id)
    alerts = runs.alerts(found.run_id)
    answers = terminal.workspace.samples.over_time(found.run_id)
    place = terminal.workspace.queue.place_of(found.run_id)

    def view() -> Any:
        yield from show_run(found, losses, checkpoints, place)
        yield from show_alerts(alerts, found.remedies)
        if preflight:
            yield heading("Preflight")
            yield from show_preflight(preflight, rows=3 if tokens or preflight.errors else 0)
        if answers:
            yield heading("Samples over time")
            yield from show_answers(answers)
        if found.state is RunState.COMPLETED:
            yield from show_outcome(terminal.workspace, found)

    document = {
        **run_document(found, place),
        **outcome_document(terminal.workspace, found),
        "checkpoints": checkpoints,
        "preflight": preflight,
        "alerts": alerts,
        "answers": answers,
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


add_wishes(app)
declare.command(app, "compare")(compare)


@declare.command(app, "metrics")
def metrics(
    terminal: Terminal,
    run: RunArgument,
    name: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Only this one, e.g. loss; may be repeated.")
    ] = None,
    after: Annotated[int, typer.Option(min=0, metavar="STEP", help="Only steps after this one.")] = 0,
    last: Annotated[int, typer.Option(min=1, metavar="N", help="How many steps the table shows.")] = 20,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print every point as CSV.")] = False,
) -> None:
    """What was measured at each step, at full precision under --json and --csv."""
    points = terminal.workspace.runs.metrics(run, names=name, after_step=after)
    if as_csv:
        print_csv(("step", "name", "value"), [(point.step, point.name, repr(point.value)) for point in points])
        return
    terminal.result(points, lambda: metrics_table(points, last))


@declare.command(app, "logs")
def logs(
    terminal: Terminal,
    run: RunArgument,
    lines: Annotated[int, typer.Option(min=1, max=10_000, metavar="N", help="How many lines from the end.")] = 200,
    follow_on: Annotated[bool, typer.Option("--follow", help="Go on until the run rests; Ctrl-C ends it.")] = False,
    level: Annotated[str, typer.Option(metavar="LEVEL", help=f"The least grave: {', '.join(LEVELS)}.")] = "output",
    attempt: Annotated[int | None, typer.Option(min=1, metavar="N", help="Of this attempt, not the newest.")] = None,
) -> None:
    """What the worker logged; under --json as one document, or with --follow as one line each."""
    least = next((each for each in LEVELS if each == level), None)
    if least is None:
        message = f"{level} is no level; choose from {', '.join(LEVELS)}."
        raise NotUnderstood(message=message, command="luthier runs logs RUN")
    workspace = terminal.workspace
    found = workspace.runs.get(run)
    piece = workspace.logs.tail(found.run_id, lines, least, attempt)
    if terminal.options.as_json and not follow_on:
        terminal.result({"lines": piece.lines}, lambda: [])
        return
    show_log(terminal, piece.lines)
    if follow_on:
        follow_log(terminal, found.run_id, piece, least)
    elif not piece.lines:
        terminal.say("The log has no such lines.")
