"""Budgets are constraints: a plan keeps to all of them, or it is refused with the nearest that can be done."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from luthier.domain.models import ModelShape
from luthier.domain.plans import Export, Plan, PlanOverBudget
from luthier.domain.recipes import Budget, Recipe
from luthier.kit.units import show_bytes, show_duration
from luthier.planning.exports import export_as, finest_within, smallest
from luthier.planning.facts import exports

FEWEST_STEPS = 10  # with less, the learning rate has no time to rise and fall
_ROUNDS = 6  # of shortening; measuring takes a share of the time that does not shrink with the steps
_HOUR = 3600


class Resolve(Protocol):
    def __call__(self, other: Recipe, most_steps: int | None = None) -> Plan: ...


@dataclass(frozen=True)
class Limit:
    name: str
    allowed: float
    taken: float  # at the upper end of the plan's range: what is promised has to hold
    allowed_text: str
    taken_text: str

    @property
    def share(self) -> float:
        return self.allowed / self.taken if self.taken else float("inf")


def export_within(budget: Budget, shape: ModelShape) -> Export:
    """The usual quantisation, or the finest below the limit. Raises PlanOverBudget."""
    if budget.size is None:
        return export_as(exports().usual, shape)
    found = finest_within(budget.size, shape)
    if found is None:
        least = smallest(shape)
        raise PlanOverBudget(
            limit=f"{show_bytes(budget.size)} for the exported model",
            reason=f"this base has {show_bytes(least.size.high)} even as {least.kind}",
            nearest=f"{show_bytes(least.size.high)} as {least.kind}",
            allow=f"size={round(least.size.high)}",
        )
    return found


def within_budget(recipe: Recipe, resolve: Resolve) -> Plan:
    """Fewer steps until time, money and CO2e keep to their limits. Raises PlanOverBudget."""
    plan = resolve(recipe)
    pinned = {"max_steps", "epochs"} & recipe.settings.keys()
    for _ in range(_ROUNDS):
        tightest = min(_limits(recipe.budget, plan), key=lambda limit: limit.share, default=None)
        if tightest is None or tightest.share >= 1:
            return plan
        steps = int(plan.total_steps * tightest.share)
        if pinned or plan.total_steps <= FEWEST_STEPS:
            break
        plan = resolve(recipe, max(FEWEST_STEPS, min(steps, plan.total_steps - 1)))
    worst = min(_limits(recipe.budget, plan), key=lambda limit: limit.share)
    if worst.share >= 1:
        return plan
    why = f"the recipe fixes {' and '.join(sorted(pinned))}" if pinned else f"{plan.total_steps} steps are the fewest"
    raise PlanOverBudget(
        limit=worst.allowed_text,
        reason=f"{why}, and they may take {worst.taken_text}",
        nearest=worst.taken_text,
        allow=f"{worst.name}={worst.taken * 1.01:.3g}",
    )


def keeps_to(budget: Budget, plan: Plan) -> bool:
    """In time, money and CO2e."""
    return all(limit.share >= 1 for limit in _limits(budget, plan))


def _limits(budget: Budget, plan: Plan) -> Iterator[Limit]:
    """Those of time, money and CO2e that are set."""
    assert plan.costs is not None
    money, co2 = plan.costs.electricity, plan.costs.co2e
    if budget.hours is not None:
        longest = plan.duration.high
        words = show_duration(budget.hours * _HOUR), show_duration(longest)
        yield Limit("hours", budget.hours, longest / _HOUR, *words)
    if budget.money is not None:
        words = f"{budget.money:g} {money.currency}", f"{money.high:.3g} {money.currency}"
        yield Limit("money", budget.money, money.high, *words)
    if budget.co2 is not None:
        yield Limit("co2", budget.co2, co2.high, f"{budget.co2:g} kg of CO2e", f"{co2.high:.3g} kg of CO2e")
