"""What speaks against a base is said before any work is begun."""

import pytest

from luthier.domain.findings import Level
from luthier.planning.choose import make_plan
from luthier.planning.compatibility import doubts_about_licence, doubts_about_machine
from tests.builders import a_gpu, a_machine, a_model_shape, a_recipe, an_8b_shape, data_facts


@pytest.mark.parametrize(
    ("licence", "level", "says"),
    [
        ("llama3.1", Level.NOTE, "Built with Llama"),
        ("gemma", Level.NOTE, "terms of use"),
        ("cc-by-nc-4.0", Level.WARNING, "commercially"),
        ("not stated", Level.NOTE, "not known"),
    ],
)
def test_a_licence_with_conditions_is_named_with_them(licence: str, level: Level, says: str) -> None:
    [finding] = doubts_about_licence(licence)
    assert (finding.level, says in finding.sentence) == (level, True)


@pytest.mark.parametrize("licence", ["apache-2.0", "mit"])
def test_a_free_licence_is_not_worth_a_word(licence: str) -> None:
    assert list(doubts_about_licence(licence)) == []


def test_a_gpu_that_is_not_used_is_named() -> None:
    [finding] = doubts_about_machine(a_model_shape(), a_machine(gpus=(a_gpu(name="RTX 4090"),)), "cpu")
    assert "RTX 4090" in finding.sentence


def test_a_large_base_on_a_processor_is_a_warning_and_on_a_gpu_none() -> None:
    [finding] = doubts_about_machine(an_8b_shape(), a_machine(), "cpu")
    assert finding.level is Level.WARNING
    assert "8.0 billion" in finding.sentence
    assert list(doubts_about_machine(an_8b_shape(), a_machine(gpus=(a_gpu(),)), "cuda")) == []


@pytest.mark.parametrize(
    ("settings", "code", "level"),
    [
        ({"learning_rate": 5e-3}, "plan.learning_rate_high", Level.WARNING),
        ({"learning_rate": 2e-6}, "plan.learning_rate_low", Level.NOTE),
        ({"epochs": 11}, "plan.epochs_many", Level.WARNING),
        ({"batch_size": 256}, "plan.batch_large", Level.NOTE),
        ({"warmup_ratio": 0.4}, "plan.warmup_long", Level.NOTE),
    ],
)
def test_a_value_that_is_seldom_wanted_is_named_with_the_usual_one(
    settings: dict[str, float], code: str, level: Level
) -> None:
    plan = make_plan(a_recipe(settings=settings), a_machine(), a_model_shape(), data_facts())
    [finding] = [each for each in plan.warnings if each.code == code]
    assert finding.level is level
    usual = (finding.actions[0].command or "").rpartition("--set ")[2].partition("=")
    again = make_plan(a_recipe(settings={usual[0]: float(usual[2])}), a_machine(), a_model_shape(), data_facts())
    assert code not in {each.code for each in again.warnings}
