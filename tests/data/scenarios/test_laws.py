"""The laws of scenarios: reading never fails, printing gives every byte back, formatting changes nothing said."""

import re

import hypothesis.strategies as st
from hypothesis import HealthCheck, given, settings

from luthier.data.scenarios.files import is_scenario
from luthier.data.scenarios.layout import formatted
from luthier.data.scenarios.lines import joined, lines_of
from luthier.data.scenarios.tree import parse_tree, printed
from luthier.data.scenarios.vary import varied
from luthier.domain.scenarios import Scenario
from tests.data.scenarios.builders import read
from tests.data.scenarios.strategies import stories, texts

_MANY = settings(max_examples=400, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


@_MANY
@given(text=texts)
def test_printing_gives_back_every_character_of_any_text_and_formatting_twice_is_formatting_once(text: str) -> None:
    tree = parse_tree(text)
    assert joined(lines_of(text)) == printed(tree) == text
    once = formatted(tree)
    assert formatted(parse_tree(once)) == once


@_MANY
@given(text=texts)
def test_reading_any_text_never_fails_and_every_finding_has_a_place_and_a_suggestion(text: str) -> None:
    lines = re.split("\r\n|\r|\n", text.removeprefix("\ufeff"))
    for finding in read(text).findings:
        line, character = finding.place.line or 0, finding.place.character or 0
        assert 1 <= line <= len(lines), finding
        assert 1 <= character <= len(lines[line - 1]) + 1, finding
        assert finding.suggestion and finding.sentence


@_MANY
@given(text=texts)
def test_a_sound_scenario_is_recognised_as_one_and_formatting_changes_nothing_that_it_says(text: str) -> None:
    before = read(text).scenario
    if before is not None:
        assert is_scenario(text)
        after = read(formatted(parse_tree(text))).scenario
        assert after is not None
        assert _without_places(after) == _without_places(before)


@_MANY
@given(text=texts | stories, seed=st.integers(0, 9))
def test_whatever_is_sound_is_still_sound_when_it_is_varied(text: str, seed: int) -> None:
    reading = read(text)
    if reading.scenario is not None:
        again = read(varied(reading, seed, "here.md"))
        assert again.errors == []
        assert [turn.speaker for turn in again.outline.turns] == [turn.speaker for turn in reading.outline.turns]


@_MANY
@given(text=stories)
def test_a_story_of_spans_is_sound_unless_it_is_nested_too_deeply(text: str) -> None:
    assert {finding.code for finding in read(text).errors} <= {"scenario.span_nested", "scenario.span_unopened"}


def _without_places(scenario: Scenario) -> Scenario:
    turns = []
    for turn in scenario.turns:
        calls = tuple(call.model_copy(update={"line": 0, "character": 0}) for call in turn.calls)
        turns.append(turn.model_copy(update={"line": 0, "calls": calls}))
    return scenario.model_copy(update={"turns": tuple(turns)})
