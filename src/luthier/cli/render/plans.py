"""Plans: what will happen, what it will take, and why each value is what it is."""

from collections.abc import Iterable

from rich.console import RenderableType
from rich.text import Text

from luthier.cli.render.findings import show_findings
from luthier.cli.render.tables import Cell, facts, table
from luthier.cli.render.text import heading, plain, soft, visible
from luthier.domain.amounts import show_estimate
from luthier.domain.plans import Decision, Estimate, Plan
from luthier.kit.units import show_bytes, show_count

_ENVIRONMENT = "environment."
_BAR_WIDTH = 24


def show_plan(plan: Plan, *, defaults: bool) -> Iterable[RenderableType]:
    """Without `defaults`, only the values that follow from the recipe, the data, the model or the machine."""
    yield from show_estimates(plan)
    if defaults:
        yield from show_components(plan)
        yield from show_alternatives(plan)
    yield heading("Settings, each with its reason")
    chosen = [item for item in plan.decisions if not (item.source == "default" or item.name.startswith(_ENVIRONMENT))]
    yield decisions_table(plan.decisions if defaults else chosen)
    if not defaults:
        yield soft(f"… and {len(plan.decisions) - len(chosen)} at their defaults")


def show_estimates(plan: Plan) -> Iterable[RenderableType]:
    settings = plan.settings
    pairs: list[tuple[str, Cell]] = [
        ("Method", f"{plan.method}, {plan.adapter.summary}"),
        ("Examples", f"{show_count(plan.examples)} to train on, {show_count(plan.held_out)} held out"),
        ("Steps", f"{show_count(plan.total_steps)} of {settings.batch_size} examples, {_epochs(settings.epochs)}"),
        ("Memory", show_range(plan.memory)),
        ("Time", show_range(plan.duration)),
        ("Disk", show_range(plan.disk)),
    ]
    if plan.costs:
        pairs.append(("Energy", show_range(plan.costs.energy)))
        pairs.append(("Electricity", show_range(plan.costs.electricity)))
        pairs.append(("CO2e", f"{show_range(plan.costs.co2e)}, {plan.costs.region}"))
    if plan.export:
        pairs.append(("Export", f"{show_bytes(plan.export.size.middle)} as {plan.export.kind}"))
    pairs.append(("Proof", _proof(plan)))
    yield facts(pairs)
    yield from show_findings(plan.warnings)


def show_components(plan: Plan) -> Iterable[RenderableType]:
    """What the memory is made of, the largest part first."""
    parts = sorted(plan.memory.components, key=lambda part: -part.high)
    if not parts:
        return
    yield heading("Memory, part by part")
    most = parts[0].high
    rows = [(part.name, _bar(part.high / most), _span(part.low, part.high)) for part in parts]
    yield table(("Part", "", "Bytes"), rows, right=("Bytes",))


def show_alternatives(plan: Plan) -> Iterable[RenderableType]:
    if plan.alternatives:
        yield heading("Alternatives")
    for other in plan.alternatives:
        yield plain(f"{other.name}: {other.sentence}")
        yield soft(f"  {show_range(other.duration)}, {show_range(other.memory)}, {show_range(other.costs.electricity)}")
        yield plain(f"  {' '.join(other.options)}", "command")
    if plan.costs and plan.costs.rentals:
        yield heading("On a rented GPU")
        rows = [
            (rental.gpu, rental.provider, show_estimate(rental.money), show_estimate(rental.duration))
            for rental in plan.costs.rentals
        ]
        yield table(("GPU", "From", "Price", "Time"), rows, right=("Price", "Time"))


def _bar(share: float) -> str:
    return "\u2588" * max(1, round(share * _BAR_WIDTH))


def _span(low: float, high: float) -> str:
    return show_bytes(low) if low == high else f"{show_bytes(low)} to {show_bytes(high)}"


def _epochs(epochs: float) -> str:
    return "1 epoch" if epochs == 1 else f"{epochs:g} epochs"


def show_range(estimate: Estimate) -> str:
    return f"{show_estimate(estimate)} ({100 * estimate.confidence:.0f} % sure)"


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
