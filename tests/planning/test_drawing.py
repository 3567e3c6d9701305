import pytest

from luthier.domain.plans import Plan
from luthier.domain.rewards import KlNeedsAdapter
from tests.builders.plans import data_facts
from tests.planning.test_choose import plan_for


def grpo(**settings: object) -> Plan:
    return plan_for(data_facts(), method="grpo", settings=settings)


def test_a_plan_for_rewards_says_how_many_answers_are_drawn_and_how_long_they_may_be() -> None:
    plan = grpo()
    assert (plan.settings.group_size, plan.settings.kl_weight) == (8, 0.04)
    assert plan.settings.answer_tokens >= 32
    reasons = {decision.name: decision.reason for decision in plan.decisions}
    assert "2402.03300" in reasons["kl_weight"]
    assert plan.evaluation.scorer == "off"


def test_more_and_longer_answers_take_more_time_and_more_memory() -> None:
    little = grpo(group_size=2, answer_tokens=16)
    much = grpo(group_size=16, answer_tokens=256)
    assert much.duration.middle > 4 * little.duration.middle
    assert much.memory.middle > little.memory.middle


def test_a_step_of_rewards_takes_longer_than_one_that_reads_answers() -> None:
    assert grpo(max_steps=10).duration.middle > 3 * plan_for(settings={"max_steps": 10}).duration.middle


def test_every_weight_is_trained_without_a_base_to_hold_it_to() -> None:
    full = {"method": "grpo", "adapter": {"kind": "full"}}
    assert plan_for(**full).settings.kl_weight == 0
    with pytest.raises(KlNeedsAdapter):
        plan_for(**full, settings={"kl_weight": 0.1})


def test_questions_alone_get_room_for_an_answer_that_nobody_has_given_yet() -> None:
    plan = plan_for(data_facts(supervised_share=0, answer_tokens_max=0), method="grpo")
    assert plan.settings.answer_tokens == plan.evaluation.max_new_tokens == 128
    assert plan.settings.train_on == "everything"
