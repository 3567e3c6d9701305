"""A set of scenarios is looked at as a whole: balance, repetition, and dice that always fall on one side."""

from pathlib import Path

import hypothesis.strategies as st
from hypothesis import given

from luthier.data.scenarios.balance import balanced
from luthier.data.scenarios.check import check_scenarios
from luthier.data.scenarios.grammar import built_in_grammar
from luthier.data.scenarios.vary import varied
from luthier.domain.scenarios import ScenarioEntry, ScenariosReport
from tests.data.scenarios.builders import ASKED, GOOD, bent, read, with_turns


def _checked(folder: Path, *texts: str) -> ScenariosReport:
    for number, text in enumerate(texts):
        (folder / f"{number:02d}.md").write_text(text)
    return check_scenarios(folder, built_in_grammar())


def _codes(report: ScenariosReport) -> list[str]:
    return [finding.code.removeprefix("scenario.") for finding in report.findings]


def test_a_short_scenario_without_a_call_is_remarked_on(tmp_path: Path) -> None:
    report = _checked(tmp_path, with_turns(ASKED, "# DM\n\nHe laughs.\n"))
    assert _codes(report) == ["short", "no_calls"]
    assert [entry.warnings for entry in report.entries] == [2]


def test_the_same_text_in_two_files_is_found_in_the_second(tmp_path: Path) -> None:
    long = "He tells a very long story about a pike that ate his brother's left boot."
    report = _checked(
        tmp_path, bent("He looks at her hands.", long), bent("He looks at her hands.", f" {long.upper()}")
    )
    assert _codes(report) == ["text_repeated"]
    assert str(report.findings[0].place) == "01.md, line 35, character 1"
    assert "00.md, line 35" in report.findings[0].sentence


def test_variations_of_one_scenario_may_share_what_does_not_vary(tmp_path: Path) -> None:
    long = bent("He looks at her hands.", "He tells a very long story about a pike that ate his brother's left boot.")
    assert _codes(_checked(tmp_path, *(varied(read(long), seed, "the-pike.md") for seed in range(3)))) == []


def test_categories_that_are_missing_or_rare_are_named(tmp_path: Path) -> None:
    other = [bent("category: social", f"category: {name}") for name in ("rest", "combat", "puzzle", "shopping")]
    report = _checked(tmp_path, *[GOOD] * 5, *other)
    assert _codes(report) == ["category_absent", "unbalanced"]
    assert "exploration" in report.findings[0].sentence
    assert report.categories == {"combat": 1, "puzzle": 1, "rest": 1, "shopping": 1, "social": 5}


def test_outcomes_that_are_always_the_same_are_remarked_on(tmp_path: Path) -> None:
    categories = built_in_grammar().categories
    texts = [bent("category: social", f"category: {name}") for name in categories]
    assert _codes(_checked(tmp_path, *texts, *texts)) == ["outcomes_onesided"]


def test_a_file_with_errors_stands_in_the_index_with_their_number(tmp_path: Path) -> None:
    report = _checked(tmp_path, bent("Total: 13", "Total: 1"), GOOD)
    assert [(entry.file, entry.errors, entry.title) for entry in report.entries] == [
        ("00.md", 1, "The ferry"),
        ("01.md", 0, "The ferry"),
    ]
    assert report.errors == 1


def _entry(file: str, category: str) -> ScenarioEntry:
    return ScenarioEntry(
        file=file, title="", category=category, tags=(), characters=1, turns=5, calls=1, errors=0, warnings=0
    )


entries = st.lists(st.tuples(st.integers(0, 99), st.sampled_from("abcdef")), min_size=1, unique_by=lambda pair: pair[0])


@given(pairs=entries, count=st.integers(0, 200), seed=st.integers(0, 1000))
def test_every_category_is_varied_as_often_as_every_other(pairs: list[tuple[int, str]], count: int, seed: int) -> None:
    wanted = list(balanced([_entry(str(file), category) for file, category in pairs], count, seed))
    assert len(wanted) == count
    assert len({(entry.file, number) for entry, number in wanted}) == count
    per_category = [
        sum(1 for entry, _ in wanted if entry.category == category) for category in {pair[1] for pair in pairs}
    ]
    assert max(per_category) - min(per_category) <= 1
