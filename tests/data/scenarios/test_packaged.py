"""The scenarios that come with Luthier are what its guide promises of a good one."""

from collections import Counter
from pathlib import Path

import pytest

import luthier
from luthier.data.scenarios.check import check_scenarios
from luthier.data.scenarios.grammar import built_in_grammar
from luthier.data.scenarios.layout import formatted
from luthier.data.scenarios.packaged import pattern_text, patterns, with_title
from luthier.data.scenarios.tree import printed
from luthier.domain.scenarios import ScenarioPatternUnknown, Speaker
from tests.data.scenarios.builders import read

FOLDER = Path(luthier.__file__).parent / "data" / "scenarios"
EXAMPLES = [pattern.name for pattern in patterns() if not pattern.is_template]
TEMPLATES = [pattern.name for pattern in patterns() if pattern.is_template]


@pytest.mark.parametrize("name", [*TEMPLATES, *EXAMPLES])
def test_it_has_no_finding_prints_as_it_is_and_is_laid_out(name: str) -> None:
    text = pattern_text(name)
    reading = read(text)
    assert reading.findings == ()
    assert printed(reading.tree) == formatted(reading.tree) == text


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_is_a_whole_scene(name: str) -> None:
    scenario = read(pattern_text(name)).outline
    told = [turn for turn in scenario.turns if turn.speaker is not Speaker.TOOLCALL]
    assert 6 <= len(told) <= 14
    assert scenario.calls >= 2
    assert len(scenario.party) >= 2
    assert scenario.turns[-1].speaker is Speaker.DM


def test_there_is_a_template_and_three_examples_of_each_category() -> None:
    categories = set(built_in_grammar().categories)
    assert set(TEMPLATES) == categories
    counts = Counter(pattern.category for pattern in patterns() if not pattern.is_template)
    assert set(counts) == categories and min(counts.values()) >= 3


def test_the_examples_together_are_balanced_and_say_nothing_twice() -> None:
    report = check_scenarios(FOLDER / "examples", built_in_grammar())
    assert (report.errors, report.findings) == (0, ())


def test_a_template_takes_any_title() -> None:
    for title in ('The "Crow": a tale', "no", "[x]", "ä: ö # ü", r"back\slash"):
        assert read(with_title(pattern_text("rest"), title)).outline.title == title


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(ScenarioPatternUnknown):
        pattern_text("../examples/combat/the-bell-warden")
