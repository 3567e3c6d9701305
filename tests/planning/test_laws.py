"""What holds for every machine, base, data and recipe."""

import math
from typing import Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from luthier.domain.machine import Machine
from luthier.domain.models import ModelShape
from luthier.domain.plans import DataFacts, Plan, PlanDoesNotFit
from luthier.domain.recipes import Recipe, TrainingSettings
from luthier.planning.abilities import EVERYTHING
from luthier.planning.choose import make_plan
from luthier.planning.facts import memory_facts
from luthier.planning.knowledge import Knowledge
from tests.builders import a_gpu, a_machine, a_recipe
from tests.planning.strategies import facts, machines, recipes, shapes


def planned(recipe: Recipe, machine: Machine, shape: ModelShape, data: DataFacts) -> Plan | None:
    try:
        return make_plan(recipe, machine, shape, data)
    except PlanDoesNotFit:
        return None


@settings(deadline=None, max_examples=150)
@given(recipes(), machines(), shapes(), facts())
def test_a_plan_is_valid_keeps_its_pins_and_explains_every_value_once(
    recipe: Recipe, machine: Machine, shape: ModelShape, data: DataFacts
) -> None:
    plan = planned(recipe, machine, shape, data)
    assume(plan is not None)
    assert plan is not None
    values = plan.settings.model_dump()
    assert TrainingSettings.model_validate(values) == plan.settings
    assert recipe.settings.items() <= values.items()
    names = [decision.name for decision in plan.decisions]
    assert len(names) == len(set(names))
    assert set(values) <= set(names)
    assert Plan.model_validate_json(plan.model_dump_json()) == plan


@settings(deadline=None, max_examples=150)
@given(recipes(), machines(), shapes(), facts())
def test_estimates_are_ranges_of_positive_numbers(
    recipe: Recipe, machine: Machine, shape: ModelShape, data: DataFacts
) -> None:
    plan = planned(recipe, machine, shape, data)
    assume(plan is not None)
    assert plan is not None
    for estimate in (plan.memory, plan.duration, plan.disk):
        assert 0 < estimate.low <= estimate.high < math.inf
        assert 0 < estimate.confidence < 1
    assert plan.total_steps >= 1


@settings(deadline=None, max_examples=150)
@given(recipes(), machines(), shapes(), facts())
def test_a_plan_stays_within_the_memory_that_is_available(
    recipe: Recipe, machine: Machine, shape: ModelShape, data: DataFacts
) -> None:
    plan = planned(recipe, machine, shape, data)
    assume(plan is not None)
    assert plan is not None
    assert plan.memory.middle <= machine.available_bytes * memory_facts().cpu.usable_share * (1 + 1e-9)


@settings(deadline=None, max_examples=200)
@given(machines(), shapes(), facts(), st.floats(1, 20))
def test_more_memory_never_gives_a_smaller_pass_or_shorter_examples_or_a_refusal(
    machine: Machine, shape: ModelShape, data: DataFacts, factor: float
) -> None:
    larger = machine.model_copy(update={"available_bytes": int(machine.available_bytes * factor)})
    small, large = planned(a_recipe(), machine, shape, data), planned(a_recipe(), larger, shape, data)
    if small is None:
        return
    assert large is not None
    assert large.settings.micro_batch_tokens >= small.settings.micro_batch_tokens
    assert large.settings.max_length >= small.settings.max_length


@settings(deadline=None, max_examples=100)
@given(machines(), shapes(), facts(), st.integers(1, 64))
def test_more_cores_never_take_longer(machine: Machine, shape: ModelShape, data: DataFacts, more: int) -> None:
    pins: dict[str, Any] = {"checkpoint_every": 10, "evaluate_every": 10}
    stronger = machine.model_copy(update={"cores": machine.cores + more})
    slow = planned(a_recipe(settings=pins), machine, shape, data)
    fast = planned(a_recipe(settings=pins), stronger, shape, data)
    assume(slow is not None and fast is not None)
    assert slow is not None
    assert fast is not None
    assert fast.duration.high <= slow.duration.high


@settings(deadline=None, max_examples=100)
@given(machines(), shapes(), facts(), st.integers(1, 1000))
def test_more_examples_never_take_less_time_at_the_same_number_of_passes(
    machine: Machine, shape: ModelShape, data: DataFacts, more: int
) -> None:
    pins: dict[str, Any] = {"epochs": 2, "batch_size": 4, "evaluate_every": 50}
    few = planned(a_recipe(settings=pins), machine, shape, data)
    many = planned(a_recipe(settings=pins), machine, shape, data.model_copy(update={"examples": data.examples + more}))
    assume(few is not None)
    assert few is not None
    assert many is not None
    assert many.duration.low >= few.duration.low


def on_gpu(free_bytes: int) -> Machine:
    return a_machine(gpus=(a_gpu(memory_bytes=free_bytes, free_bytes=free_bytes, compute_capability="8.9"),))


def planned_on_gpu(free_bytes: int, shape: ModelShape, data: DataFacts) -> Plan | None:
    try:
        return make_plan(a_recipe(), on_gpu(free_bytes), shape, data, Knowledge(abilities=EVERYTHING))
    except PlanDoesNotFit:
        return None


@settings(deadline=None, max_examples=60)
@given(st.integers(4, 200), shapes(), facts(), st.floats(1, 10))
def test_more_memory_on_a_gpu_never_gives_a_coarser_base_or_a_smaller_pass(
    gigabytes: int, shape: ModelShape, data: DataFacts, factor: float
) -> None:
    size = gigabytes * 10**9
    small, large = planned_on_gpu(size, shape, data), planned_on_gpu(int(size * factor), shape, data)
    if small is None:
        return
    assert large is not None
    assert large.settings.micro_batch_tokens >= small.settings.micro_batch_tokens
    assert large.settings.max_length >= small.settings.max_length
    assert not (small.settings.precision == "bf16" and large.settings.precision == "nf4")
    assert large.settings.gradient_checkpointing <= small.settings.gradient_checkpointing


@settings(deadline=None, max_examples=60)
@given(st.integers(2, 200), shapes(), facts())
def test_short_memory_leads_to_a_smaller_plan_or_a_refusal_and_the_batch_stays(
    gigabytes: int, shape: ModelShape, data: DataFacts
) -> None:
    plan = planned_on_gpu(gigabytes * 10**9, shape, data)
    roomy = planned_on_gpu(10**15, shape, data)
    assert roomy is not None
    if plan is None:
        return
    assert plan.memory.middle <= gigabytes * 10**9 * memory_facts().cuda.usable_share * (1 + 1e-9)
    assert plan.settings.batch_size == roomy.settings.batch_size


@settings(deadline=None, max_examples=30)
@given(machines(), shapes(), facts())
def test_a_real_plan_asks_only_for_what_the_engine_can_do(machine: Machine, shape: ModelShape, data: DataFacts) -> None:
    with_gpu = machine.model_copy(update={"gpus": (a_gpu(),)})
    plan = planned(a_recipe(), with_gpu, shape, data)
    assume(plan is not None)
    assert plan is not None
    assert plan.device == "cpu"
    assert plan.settings.precision in ("bf16", "fp32")
