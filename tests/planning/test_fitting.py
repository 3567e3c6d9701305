import pytest

from luthier.domain.models import ModelShape
from luthier.domain.plans import DataFacts, Plan, PlanDoesNotFit
from luthier.planning.choose import make_plan
from tests.builders import a_machine, a_model_shape, a_recipe, an_8b_shape, data_facts

LONG = data_facts(examples=5000, tokens_p50=400, tokens_p95=1400, tokens_max=2000, tokens_mean=500.0)
GB = 10**9


def plan_with(memory: float, facts: DataFacts = LONG, shape: ModelShape | None = None, **settings: object) -> Plan:
    machine = a_machine(available_bytes=int(memory), memory_bytes=int(memory))
    return make_plan(a_recipe(settings=settings), machine, shape or a_model_shape(), facts)


def test_a_whole_batch_is_computed_at_once_when_there_is_memory() -> None:
    settings = plan_with(60 * GB).settings
    assert settings.micro_batch_tokens >= settings.batch_size * LONG.tokens_mean
    assert settings.max_length >= LONG.tokens_max


def test_short_memory_first_makes_passes_smaller_and_leaves_batch_and_length_alone() -> None:
    much, less = plan_with(60 * GB).settings, plan_with(4.5 * GB).settings
    assert less.micro_batch_tokens < much.micro_batch_tokens
    assert (less.batch_size, less.max_length) == (much.batch_size, much.max_length)


def test_shorter_memory_then_computes_layers_twice_and_leaves_the_examples_whole() -> None:
    settings = plan_with(2.2 * GB).settings
    assert settings.gradient_checkpointing
    assert settings.max_length >= LONG.tokens_max
    assert not plan_with(4.5 * GB).settings.gradient_checkpointing


@pytest.mark.parametrize("memory", [1.4, 1.5, 1.6])
def test_still_shorter_memory_shortens_examples_but_not_below_the_median(memory: float) -> None:
    settings = plan_with(memory * GB).settings
    assert LONG.tokens_p50 <= settings.max_length < LONG.tokens_max
    assert settings.micro_batch_tokens == settings.max_length


def test_a_plan_that_cannot_fit_is_refused_with_what_is_needed_and_what_there_is() -> None:
    with pytest.raises(PlanDoesNotFit) as caught:
        plan_with(8 * GB, shape=an_8b_shape())
    problem = caught.value.problem
    assert problem.fields["available"] == "8.0 GB"
    assert float(str(problem.fields["needed"]).removesuffix(" GB")) > 16
    assert any("max_length=" in (action.command or "") for action in problem.actions)


def test_a_pin_is_never_bent_to_make_it_fit() -> None:
    with pytest.raises(PlanDoesNotFit):
        plan_with(2.2 * GB, max_length=2048, gradient_checkpointing=False)
    with pytest.raises(PlanDoesNotFit):
        plan_with(3 * GB, micro_batch_tokens=8192, gradient_checkpointing=False)


def test_examples_are_kept_whole_unless_a_few_are_very_long() -> None:
    usual = plan_with(60 * GB, data_facts(tokens_p95=900, tokens_max=1900)).settings
    outlier = plan_with(60 * GB, data_facts(tokens_p95=900, tokens_max=9000)).settings
    documents = plan_with(90 * GB, data_facts(tokens_p50=3000, tokens_p95=4000, tokens_max=9000)).settings
    assert (usual.max_length, outlier.max_length, documents.max_length) == (1920, 2048, 4032)


def test_no_example_is_longer_than_the_base_model_can_read() -> None:
    plan = plan_with(60 * GB, LONG, a_model_shape(context_length=1000))
    assert plan.settings.max_length == 1000


def test_a_processor_without_bf16_computes_in_fp32_when_there_is_memory_for_it() -> None:
    plain = {"cpu_features": ("avx2",)}
    roomy = make_plan(a_recipe(), a_machine(**plain), a_model_shape(), data_facts())
    tight = make_plan(a_recipe(), a_machine(available_bytes=int(2.3 * GB), **plain), a_model_shape(), data_facts())
    assert (roomy.settings.precision, tight.settings.precision) == ("fp32", "bf16")
