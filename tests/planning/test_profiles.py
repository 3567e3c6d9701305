"""Profiles set what a recipe leaves open, with a reason; a recipe always wins."""

import pytest

from luthier.domain.plans import Decision, Plan
from luthier.domain.profiles import ProfileUnknown
from luthier.planning.choose import make_plan
from luthier.planning.profiles import built_in
from tests.builders import a_machine, a_model_shape, a_recipe, data_facts

USES = ("chatbot", "code", "summarisation", "qa", "creative", "domain-adaptation")


def plan_with(*profiles: str, architecture: str = "OtherForCausalLM", **recipe: object) -> Plan:
    shape = a_model_shape(architecture=architecture)
    return make_plan(a_recipe(profiles=profiles, **recipe), a_machine(), shape, data_facts())


def decision(plan: Plan, name: str) -> Decision:
    [found] = [each for each in plan.decisions if each.name == name]
    return found


def test_there_is_one_for_each_use_family_and_target() -> None:
    by_kind: dict[str, set[str]] = {}
    for profile in built_in():
        by_kind.setdefault(profile.kind, set()).add(profile.name)
        assert profile.source
    assert by_kind["use"] == set(USES)
    assert by_kind["family"] == {"gemma", "qwen", "llama", "smollm", "mistral", "phi"}
    assert by_kind["target"] == {"mobile", "desktop", "server"}


@pytest.mark.parametrize("use", USES)
def test_every_use_sets_every_value_that_it_names_and_says_why(use: str) -> None:
    [profile] = [each for each in built_in() if each.name == use]
    plan = plan_with(use)
    for value in profile.values:
        settled = decision(plan, value.name)
        assert settled.value == value.value
        assert (settled.reason, settled.source) == (value.reason, "profile")


def test_a_recipe_wins_over_a_profile() -> None:
    plan = plan_with("code", settings={"epochs": 1}, adapter={"rank": 8})
    assert plan.settings.epochs == 1
    assert plan.adapter.model_dump()["rank"] == 8
    assert decision(plan, "adapter.rank").source == "recipe"


def test_the_rank_of_a_profile_reaches_the_adapter_and_its_scale() -> None:
    adapter = plan_with("code").adapter.model_dump()
    assert (adapter["rank"], adapter["alpha"]) == (64, 128)


def test_a_family_is_chosen_by_itself_and_a_use_wins_over_it() -> None:
    assert plan_with(architecture="MistralForCausalLM").settings.learning_rate == 1e-4
    assert plan_with("chatbot", architecture="MistralForCausalLM").settings.learning_rate == 2e-4


def test_a_target_limits_the_export_unless_the_recipe_does() -> None:
    assert plan_with("mobile").export != plan_with().export
    wanted = plan_with("mobile", budget={"size": "100MB"}).export
    assert wanted is not None
    assert wanted.size.high <= 100e6


def test_an_unknown_profile_is_named_with_those_that_there_are() -> None:
    with pytest.raises(ProfileUnknown, match=r"chatbott.*chatbot, code"):
        plan_with("chatbott")
