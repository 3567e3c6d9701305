"""Plans: what will happen, what it will take, and why each value is what it is."""

from collections.abc import Iterable

from rich.console import RenderableType
from rich.text import Text

from luthier.cli.render.findings import show_findings
from luthier.cli.render.tables import facts, table
from luthier.cli.render.text import heading, soft, visible
from luthier.domain.plans import Decision, Estimate, Plan
from luthier.kit.units import show_bytes, show_count, show_duration

_ENVIRONMENT = "environment."


def show_plan(plan: Plan, *, defaults: bool) -> Iterable[RenderableType]:
    """Without `defaults`, only the values that follow from the recipe, the data, the model or the machine."""
    yield from show_estimates(plan)
    yield heading("Settings, each with its reason")
    chosen = [item for item in plan.decisions if not (item.source == "default" or item.name.startswith(_ENVIRONMENT))]
    yield decisions_table(plan.decisions if defaults else chosen)
    if not defaults:
        yield soft(f"… and {len(plan.decisions) - len(chosen)} at their defaults")


def show_estimates(plan: Plan) -> Iterable[RenderableType]:
    settings = plan.settings
    yield facts(
        [
            ("Method", f"{plan.method}, {plan.adapter.summary}"),
            ("Examples", f"{show_count(plan.examples)} to train on, {show_count(plan.held_out)} held out"),
            ("Steps", f"{show_count(plan.total_steps)} of {settings.batch_size} examples, {_epochs(settings.epochs)}"),
            ("Memory", show_range(plan.memory)),
            ("Time", show_range(plan.duration)),
            ("Disk", show_range(plan.disk)),
            ("Proof", _proof(plan)),
        ]
    )
    yield from show_findings(plan.warnings)


def _epochs(epochs: float) -> str:
    return "1 epoch" if epochs == 1 else f"{epochs:g} epochs"


def show_range(estimate: Estimate) -> str:
    show = show_bytes if estimate.unit == "bytes" else show_duration
    return f"{show(estimate.low)} to {show(estimate.high)} ({100 * estimate.confidence:.0f} % sure)"


def decisions_table(decisions: Iterable[Decision]) -> RenderableType:
    rows = [
        (
            item.name.removeprefix(_ENVIRONMENT),
            _value(item.value),
            Text.assemble(visible(item.reason), (f" ({item.source})", "soft")),
        )
        for item in decisions
    ]
    return table(("Setting", "Value", "Why"), rows, right=("Value",))


def _value(value: str | int | float | bool | None) -> str:
    match value:
        case None:
            return "none"
        case bool():
            return "yes" if value else "no"
        case float():
            return f"{value:g}"
        case _:
            return str(value)


def _proof(plan: Plan) -> str:
    proof = plan.evaluation
    if not proof.examples:
        return "none, because no example is held out"
    answered = f"{show_count(proof.examples)} held-out examples answered before and after"
    return answered if proof.scorer == "off" else f"{answered}, scored as {proof.scorer}"
