"""Runs: the list, one in full, its curve."""

import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence

from rich.console import RenderableType
from rich.text import Text

from luthier.cli.render.calibration import show_truth
from luthier.cli.render.findings import show_actions
from luthier.cli.render.moments import local_time
from luthier.cli.render.pace import time_left
from luthier.cli.render.tables import Cell, facts, table
from luthier.cli.render.text import one_line, plain, soft
from luthier.domain.answers import QuestionOverTime
from luthier.domain.queues import Place
from luthier.domain.run_states import ACTIVE, ENDED, RunState
from luthier.domain.runs import Checkpoint, MetricPoint, Run
from luthier.domain.truths import truths_of
from luthier.kit.units import show_bytes, show_count, show_duration, show_percent

_SHORT_ID = 14  # the prefix and the time within an id, which is enough to name a run
_BARS = "▁▂▃▄▅▆▇█"
CURVE_WIDTH = 40
_METRICS = {
    "loss": "Loss",
    "held_out_loss": "Held-out loss",
    "learning_rate": "Learning rate",
    "gradient_norm": "Gradient",
    "tokens_per_second": "Tokens/s",
    "rss_bytes": "Memory",
}


def state_word(state: RunState) -> Text:
    """The word says it; the colour only helps to find it."""
    styles = {RunState.COMPLETED: "good", RunState.FAILED: "bad", RunState.PAUSED: "warn", RunState.CANCELLED: "soft"}
    return Text(state.value, "head" if state in ACTIVE else styles.get(state, ""))


def runs_table(runs: Sequence[Run], places: Mapping[str, Place], is_narrowed: bool) -> Iterable[RenderableType]:
    if not runs:
        yield Text("No run is like that." if is_narrowed else "No runs yet. Start one: luthier demo")
        return
    rows = [
        (
            run.name,
            run.run_id[:_SHORT_ID],
            _state_in_queue(run, places.get(run.run_id)),
            f"{run.step}/{run.last_step}",
            "" if run.loss is None else f"{run.loss:.4f}",
            local_time(run.created_at),
        )
        for run in runs
    ]
    yield table(("Name", "Id", "State", "Step", "Loss", "Created"), rows, right=("Step", "Loss"))
    for run in reversed(runs):
        if place := places.get(run.run_id):
            yield soft(f"{run.name}, {place.position}. in the queue: {place.sentence}")


def show_run(
    run: Run, losses: Sequence[float], checkpoints: Sequence[Checkpoint], place: Place | None
) -> Iterable[RenderableType]:
    pairs: list[tuple[str, Cell]] = [
        ("Run", run.name),
        ("Id", run.run_id),
        ("State", _state_with_phase(run)),
        ("Base", run.recipe.base),
        ("Data", run.recipe.data),
        ("Created", local_time(run.created_at)),
        *_waiting(run, place),
        *_standing(run),
        *_resources(run),
    ]
    if losses:
        pairs.append(("Loss", f"{curve(losses)}  {losses[0]:.4f} to {losses[-1]:.4f}"))
    pairs += [(truth.name, show_truth(truth)) for truth in truths_of(run) if truth.measured is not None]
    if checkpoints:
        pairs.append(("Checkpoints", _kept(checkpoints)))
    if run.adapter_folder:
        pairs.append(("Model" if run.plan.adapter.kind == "full" else "Adapter", run.adapter_folder))
    yield facts(pairs)
    if run.problem:
        yield plain(f"Why it is {run.state.value}: {run.problem.sentence}", "bad")
        yield from show_actions(run.problem.actions)
    if run.state is RunState.PAUSED:
        yield Text("Go on from here:")
        yield plain(f"  luthier runs resume {shlex.quote(run.name)}", "command")


def _waiting(run: Run, place: Place | None) -> Iterator[tuple[str, Cell]]:
    if run.state is RunState.QUEUED:
        yield ("Priority", run.priority.value)
    if place:
        yield ("Queue", f"{place.position}. {place.sentence}")


def _standing(run: Run) -> Iterator[tuple[str, Cell]]:
    steps = f"{show_count(run.step)} of {show_count(run.total_steps)}"
    if run.ended_early:
        yield ("Step", f"{steps}; it ended early, because its held-out loss no longer fell")
    else:
        yield ("Step", f"{steps}, {show_percent(run.step / run.total_steps)}" if run.total_steps else steps)
    if run.training_seconds:
        yield ("Trained", show_duration(run.training_seconds))
    if run.seconds_left and run.state not in ENDED:
        yield ("Left", f"{time_left(*run.seconds_left)} of training")
    if run.tokens_per_second:
        yield ("Speed", f"{show_count(run.tokens_per_second)} tokens/s")


def _resources(run: Run) -> Iterator[tuple[str, Cell]]:
    if run.peak_rss_bytes:
        now = f"{show_bytes(run.rss_bytes)} at its last step, " if run.rss_bytes else ""
        yield ("Memory", f"{now}{show_bytes(run.peak_rss_bytes)} at its peak")
    if run.threads:
        yield ("Threads", str(run.threads))


def _kept(checkpoints: Sequence[Checkpoint]) -> str:
    newest = max(checkpoints, key=lambda checkpoint: checkpoint.step)
    size, total = show_bytes(newest.bytes), show_bytes(sum(checkpoint.bytes for checkpoint in checkpoints))
    return f"{len(checkpoints)}, the newest at step {newest.step} with {size}; {total} in all"


def show_answers(questions: Sequence[QuestionOverTime]) -> Iterable[RenderableType]:
    for question in questions:
        yield Text(one_line(question.prompt, longest=100), "head")
        for answer in question.answers:
            first = "base" if answer.first_step == 0 else f"step {answer.first_step}"
            steps = first if answer.first_step == answer.last_step else f"{first} to {answer.last_step}"
            words = one_line(answer.text or "(nothing)", longest=120)
            yield Text.assemble((f"  {steps:>16}  ", "soft"), (words, "good" if answer.is_expected else ""))
        yield soft(f"  {'expected':>16}  {one_line(question.expected, longest=120)}")


def curve(values: Sequence[float], width: int = CURVE_WIDTH) -> str:
    """A line of little bars: the mean of each stretch, from the lowest to the highest."""
    if not values:
        return ""
    stretch = max(1, -(-len(values) // width))
    means = [
        sum(part) / len(part) for start in range(0, len(values), stretch) if (part := values[start : start + stretch])
    ]
    low, high = min(means), max(means)
    scale = (len(_BARS) - 1) / (high - low) if high > low else 0
    return "".join(_BARS[round((mean - low) * scale)] for mean in means)


def metrics_table(points: Sequence[MetricPoint], last: int) -> Iterable[RenderableType]:
    """One line per step, the newest `last` of them."""
    names = sorted({point.name for point in points}, key=lambda name: [*_METRICS, name].index(name))
    by_step: dict[int, dict[str, float]] = {}
    for point in points:
        by_step.setdefault(point.step, {})[point.name] = point.value
    if not by_step:
        yield Text("No step has been taken yet.")
        return
    newest = sorted(by_step)[-last:]
    rows = [[str(step), *(_metric(name, by_step[step].get(name)) for name in names)] for step in newest]
    columns = ["Step", *(_METRICS.get(name, name) for name in names)]
    yield table(columns, rows, right=columns)


def _metric(name: str, value: float | None) -> str:
    if value is None:
        return ""
    if name == "rss_bytes":
        return show_bytes(value)
    if name == "tokens_per_second":
        return show_count(value)
    return f"{value:.3g}" if name == "learning_rate" else f"{value:.4f}"


def _state_in_queue(run: Run, place: Place | None) -> Text:
    return Text.assemble(state_word(run.state), f" ({place.position}.)" if place else "")


def _state_with_phase(run: Run) -> Text:
    if not run.phase or run.state not in ACTIVE:
        return state_word(run.state)
    done = f" {show_count(run.progress_done)} of {show_count(run.progress_total)}" if run.progress_total else ""
    return Text.assemble(state_word(run.state), f" ({one_line(run.phase)}{done})")
