"""What speaks against a base is said before any work is begun."""

import pytest

from luthier.domain.findings import Level
from luthier.planning.compatibility import doubts_about_licence, doubts_about_machine
from tests.builders import a_gpu, a_machine, a_model_shape, an_8b_shape


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
