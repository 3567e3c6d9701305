"""Makes the plan: values with reasons, within the budget, with alternatives and the model that comes out."""

from luthier.domain.machine import Machine
from luthier.domain.models import ModelShape
from luthier.domain.plans import DataFacts, Plan
from luthier.domain.recipes import Recipe
from luthier.planning.alternatives import alternatives_to
from luthier.planning.budgets import export_within, within_budget
from luthier.planning.knowledge import Knowledge
from luthier.planning.profiles import budget_of, suggestions_of
from luthier.planning.resolve import resolve


def make_plan(
    recipe: Recipe, machine: Machine, shape: ModelShape, facts: DataFacts, knowledge: Knowledge | None = None
) -> Plan:
    """Pure, and instant. Raises PlanDoesNotFit, PlanOverBudget, and what `resolve` raises."""
    known = knowledge or Knowledge()
    suggested = budget_of(suggestions_of(recipe.profiles, shape.architecture, known.profiles))
    budget = recipe.budget if recipe.budget.size else recipe.budget.model_copy(update={"size": suggested})
    export = export_within(budget, shape)

    def again(other: Recipe, most_steps: int | None = None) -> Plan:
        return resolve(other, machine, shape, facts, known, most_steps)

    plan = within_budget(recipe, again)
    return plan.model_copy(update={"export": export, "alternatives": alternatives_to(plan, recipe, again)})
