"""A plan keeps to its budget, or it is refused with what would do."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from luthier.domain.plans import Plan, PlanOverBudget
from luthier.domain.recipes import Budget
from luthier.planning.choose import make_plan
from luthier.planning.exports import export_as
from tests.builders import a_machine, a_model_shape, a_recipe, an_8b_shape, data_facts

MANY = data_facts(examples=20_000)


def plan_within(**budget: Any) -> Plan:
    return make_plan(a_recipe(budget=budget), a_machine(), a_model_shape(), MANY)


@settings(deadline=None, max_examples=40)
@given(
    limits=st.fixed_dictionaries(
        {},
        optional={"hours": st.floats(1e-4, 1e4), "money": st.floats(1e-6, 1e3), "co2": st.floats(1e-6, 1e3)},
    )
)
def test_a_plan_never_takes_more_than_its_budget(limits: dict[str, float]) -> None:
    try:
        plan = plan_within(**limits)
    except PlanOverBudget as refusal:
        assert refusal.problem.actions[0].command is not None
        return
    assert plan.costs is not None
    assert plan.duration.high <= limits.get("hours", 1e9) * 3600
    assert plan.costs.electricity.high <= limits.get("money", 1e9)
    assert plan.costs.co2e.high <= limits.get("co2", 1e9)


def test_a_tight_budget_shortens_training_and_says_why() -> None:
    free, tight = plan_within(), plan_within(hours=1)
    assert tight.total_steps < free.total_steps
    [steps] = [decision for decision in tight.decisions if decision.name == "max_steps"]
    assert (steps.value, steps.source) == (tight.total_steps, "budget")


def test_a_budget_that_is_met_anyway_changes_nothing() -> None:
    assert plan_within(hours=10_000).settings == plan_within().settings


def test_what_the_recipe_fixes_is_not_bent_to_meet_a_budget() -> None:
    with pytest.raises(PlanOverBudget, match="the recipe fixes epochs"):
        make_plan(a_recipe(settings={"epochs": 5}, budget={"hours": 1}), a_machine(), a_model_shape(), MANY)


def test_the_nearest_that_is_offered_would_be_accepted() -> None:
    with pytest.raises(PlanOverBudget) as caught:
        plan_within(co2=1e-9)
    name, _, value = (caught.value.problem.actions[0].command or "").rpartition("--limit ")[2].partition("=")
    assert plan_within(**{name: float(value)}).total_steps == 10


@pytest.mark.parametrize(
    ("limit", "kind"), [("20GB", "F16"), ("9GB", "Q8_0"), ("7 GB", "Q5_1"), ("6e9", "Q5_0"), ("5GB", "Q4_0")]
)
def test_the_export_keeps_as_much_as_the_limit_allows(limit: str, kind: str) -> None:
    recipe = a_recipe(budget={"size": limit if limit != "6e9" else 6 * 10**9})
    plan = make_plan(recipe, a_machine(available_bytes=10**11), an_8b_shape(), data_facts())
    assert plan.export is not None
    assert plan.export.kind == kind


def test_a_size_that_no_quantisation_reaches_is_refused_with_the_smallest() -> None:
    smallest = export_as("Q4_0", a_model_shape()).size.high
    with pytest.raises(PlanOverBudget, match="even as Q4_0"):
        plan_within(size=int(smallest) - 1)
    assert plan_within(size=int(smallest) + 1).export is not None


@pytest.mark.parametrize(
    ("text", "expected"), [("500MB", 500_000_000), ("1.5 GiB", 1610612736), ("2g", 2 * 10**9), (1000, 1000)]
)
def test_sizes_are_read_as_people_write_them(text: Any, expected: int) -> None:
    assert Budget(size=text).size == expected


@pytest.mark.parametrize("wrong", ["much", "-5MB", "5 parsecs", 0])
def test_what_is_no_size_is_refused(wrong: Any) -> None:
    with pytest.raises(ValueError, match="size"):
        Budget(size=wrong)
