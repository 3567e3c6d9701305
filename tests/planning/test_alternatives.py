"""Alternatives differ from the plan and from each other, can be asked for, and take what they say."""

from hypothesis import assume, given, settings

from luthier.domain.machine import Machine
from luthier.domain.models import ModelShape
from luthier.domain.plans import DataFacts, Plan, PlanDoesNotFit
from luthier.domain.recipes import Recipe
from luthier.planning.choose import make_plan
from luthier.services.recipes import make_recipe, parse_pin
from tests.builders import a_machine, a_model_shape, a_recipe, data_facts
from tests.planning.strategies import facts, machines, recipes, shapes


def asked_again(recipe: Recipe, options: tuple[str, ...]) -> Recipe:
    """As the command line would read the options."""
    pins = dict(parse_pin(option) for option in options if option != "--set")
    kept = {f"settings.{name}": value for name, value in recipe.settings.items()}
    return make_recipe({"data": recipe.data, **kept, **pins})


@settings(deadline=None, max_examples=40)
@given(recipes(), machines(), shapes(), facts())
def test_there_are_three_that_differ_and_are_valid(
    recipe: Recipe, machine: Machine, shape: ModelShape, data: DataFacts
) -> None:
    try:
        plan = make_plan(recipe, machine, shape, data)
    except PlanDoesNotFit:
        assume(False)
        raise
    assert [other.name for other in plan.alternatives] == ["faster", "cheaper", "better"]
    assert len({other.options for other in plan.alternatives}) == 3
    for other in plan.alternatives:
        assert all(change.before != change.after for change in other.changes) or plan.total_steps < 3
        planned = make_plan(asked_again(recipe, other.options), machine, shape, data)
        assert planned.memory == other.memory


def usual() -> Plan:
    return make_plan(a_recipe(), a_machine(), a_model_shape(), data_facts())


def test_faster_takes_less_time_cheaper_less_money_and_better_learns_more() -> None:
    plan = usual()
    faster, cheaper, better = plan.alternatives
    assert plan.costs is not None
    assert faster.duration.high < plan.duration.high
    assert cheaper.costs.electricity.high < faster.costs.electricity.high < plan.costs.electricity.high
    assert better.duration.high > plan.duration.high


def test_whoever_fixed_the_steps_is_offered_other_steps() -> None:
    plan = make_plan(a_recipe(settings={"max_steps": 30}), a_machine(), a_model_shape(), data_facts())
    assert plan.alternatives[0].options == ("--set", "max_steps=15")
