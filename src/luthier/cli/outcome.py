"""What came of a run: one document for scripts, one view for people, one exit code."""

import shlex
from collections.abc import Iterable, Iterator
from typing import Any

from rich.console import RenderableType

from luthier.cli.errors import FAILED, GOOD, NEEDS_ATTENTION, exit_code_of_problem, problem_document, show_problem
from luthier.cli.render.evaluations import show_evaluation, show_samples
from luthier.cli.render.text import heading, plain, soft
from luthier.cli.terminal import Terminal
from luthier.domain.evaluations import Interval
from luthier.domain.run_states import RunState
from luthier.domain.runs import Run
from luthier.kit.units import show_bytes, show_count, show_duration
from luthier.workspace import Workspace

_SAMPLES = 3
_PAGE = 500
_ENDS = {RunState.FAILED: "failed", RunState.CANCELLED: "was cancelled"}


def report_outcome(terminal: Terminal, run: Run) -> int:
    """Prints the result of a run that rests, and returns the exit code it deserves."""
    workspace = terminal.workspace
    terminal.result(outcome_document(workspace, run), lambda: show_outcome(workspace, run))
    if run.state is RunState.COMPLETED:
        terminal.say(*_what_next(workspace, run))
        return GOOD
    if run.problem:
        show_problem(run.problem, debug=terminal.options.debug)
        return NEEDS_ATTENTION if run.state is RunState.PAUSED else exit_code_of_problem(run.problem)
    return FAILED if run.state is RunState.CANCELLED else NEEDS_ATTENTION


def outcome_document(workspace: Workspace, run: Run) -> dict[str, Any]:
    """Keys are a promise to scripts; a figure that does not exist (yet) is null."""
    evaluation = workspace.runs.evaluation(run.run_id)
    comparison = evaluation.comparison if evaluation else None
    tokens, seconds = _trained(workspace, run.run_id)
    return {
        "run_id": run.run_id,
        "name": run.name,
        "state": run.state.value,
        "steps": run.step,
        "losses": [point.value for point in workspace.runs.metrics(run.run_id, names=("loss",))],
        "tokens": tokens,
        "tokens_per_second": tokens / seconds if seconds else None,
        "seconds": run.training_seconds or seconds,
        "peak_memory_bytes": run.peak_rss_bytes,
        "base_loss": evaluation.base_loss if evaluation else None,
        "tuned_loss": evaluation.tuned_loss if evaluation else None,
        "base_reward": evaluation.reward.base if evaluation and evaluation.reward else None,
        "tuned_reward": evaluation.reward.tuned if evaluation and evaluation.reward else None,
        "base_exact_match": comparison.base.share if comparison else None,
        "tuned_exact_match": comparison.tuned.share if comparison else None,
        "intervals": {
            "base": _ends(comparison.base.interval) if comparison else None,
            "tuned": _ends(comparison.tuned.interval) if comparison else None,
            "difference": _ends(comparison.difference_interval) if comparison else None,
        },
        "better": comparison.better if comparison else None,
        "adapter_path": run.adapter_folder,
        "version": _version_label(workspace, run),
        "problem": problem_document(run.problem) if run.problem else None,
    }


def show_outcome(workspace: Workspace, run: Run) -> Iterable[RenderableType]:
    evaluation = workspace.runs.evaluation(run.run_id)
    base, tuned = run.recipe.base, _version_label(workspace, run) or run.name
    if run.state is not RunState.COMPLETED or evaluation is None:
        yield plain(
            f"{run.name} {_ENDS.get(run.state, 'is ' + run.state.value)} at step {run.step} of {run.total_steps}."
        )
        return
    tokens, seconds = _trained(workspace, run.run_id)
    yield heading("Result")
    yield from show_evaluation(evaluation, base, tuned)
    facts = [f"{show_count(tokens)} tokens in {show_duration(run.training_seconds)} of training"]
    facts += [f"{show_count(tokens / seconds)} tokens/s"] if seconds else []
    facts += [f"{show_bytes(run.peak_rss_bytes)} of memory at most"] if run.peak_rss_bytes else []
    yield soft(", ".join(facts))
    samples = workspace.runs.samples(run.run_id)[:_SAMPLES]
    if samples:
        yield heading("The same prompts, before and after")
        yield from show_samples(samples, base, tuned)


def _what_next(workspace: Workspace, run: Run) -> Iterator[RenderableType]:
    label = shlex.quote(_version_label(workspace, run) or run.name)
    yield heading("What next")
    talking = (
        ("Talk to it", f"luthier chat {label}"),
        ("Hear both side by side", f"luthier chat {label} --against {shlex.quote(run.recipe.base)}"),
    )
    for words, command in (
        *(() if run.plan.method == "reward" else talking),
        ("See everything about the run", f"luthier runs show {shlex.quote(run.name)}"),
        ("Tune it on your own examples", "luthier train --data FILE"),
        ("Do all this in the browser", "luthier serve"),
    ):
        yield plain(f"  {words}:")
        yield plain(f"    {command}", "command")


def _version_label(workspace: Workspace, run: Run) -> str | None:
    return workspace.versions.get(run.version_id).label if run.version_id else None


def _ends(interval: Interval) -> list[float]:
    return [interval.low, interval.high]


def _trained(workspace: Workspace, run_id: str) -> tuple[int, float]:
    """Tokens and seconds of the steps that count: one that was repeated after a resume counts once."""
    steps: dict[int, tuple[int, float]] = {}
    seq = 0
    while events := workspace.runs.events_after(seq, run_id=run_id, limit=_PAGE):
        seq = events[-1].seq
        steps |= {
            event.body["step"]: (event.body["tokens"], event.body["seconds"])
            for event in events
            if event.kind == "run.step"
        }
    return sum(tokens for tokens, _ in steps.values()), sum(seconds for _, seconds in steps.values())
