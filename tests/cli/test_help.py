"""`luthier help` from its rim on."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.running import InThisProcess, in_this_process


@pytest.fixture
def luthier(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[InThisProcess]:
    with in_this_process(tmp_path, capsys) as run:
        yield run


def test_help_alone_lists_topics_and_words_and_makes_no_workspace(luthier: InThisProcess) -> None:
    listed = luthier("help", "--json").document
    assert "training" in listed["topics"] and "LoRA" in listed["terms"]
    shown = luthier("help")
    assert shown.code == 0 and "When training goes wrong" in shown.out
    assert not (luthier.folder / "workspace").exists()


@pytest.mark.parametrize(
    ("topic", "says"),
    [
        ("Learning Rate", "How far one step goes"),
        ("settings.epochs", "How often each example is seen"),
        ("runs.not_found", "luthier runs list"),
        ("health", "What is watched"),
        ("reference/doctor", "torch"),
    ],
)
def test_words_settings_errors_and_pages_are_explained(luthier: InThisProcess, topic: str, says: str) -> None:
    answer = luthier("help", topic)
    assert answer.code == 0 and says in answer.out
    assert luthier("help", topic, "--json").document


def test_a_word_that_is_nearly_right_is_refused_with_the_right_one(luthier: InThisProcess) -> None:
    answer = luthier("help", "lorra")
    assert answer.code == 2 and "did you mean LoRA" in answer.err


def test_a_search_names_the_kind_of_each_find(luthier: InThisProcess) -> None:
    hits = luthier("help", "--search", "quiet hours", "--json").document
    assert {"guide"} <= {hit["kind"] for hit in hits}
    assert "Nothing says that" in luthier("help", "--search", "zzzz").out


def test_an_error_says_how_to_learn_more_of_it(luthier: InThisProcess) -> None:
    said = luthier("runs", "show", "nobody").err
    assert "More: luthier help runs.not_found" in said
    assert "No run is called" in luthier("help", "runs.not_found").out
