"""A suite that cannot be used is refused with the line at which to mend it."""

import json
from pathlib import Path

import pytest

from luthier.domain.suites import SCORERS, SuiteEmpty, SuiteInvalid
from luthier.evaluation.suite_files import built_in_suites, parse_suite, read_suite

GOOD = """\
name: greetings
system: Be brief.
scorers: [normalised]
cases:
  - prompt: Say hello.
    expected: Hello
  - id: sum
    category: numbers
    messages: [{role: user, content: "What is 2 + 2?"}]
    scorers: [{contains: "4"}, {most-words: 10}]
  - text: The early bird
    expected: catches the worm
"""


def test_what_is_written_above_holds_for_every_case() -> None:
    suite = parse_suite(GOOD, "file", "file.yaml")
    hello, total, text = suite.cases
    assert (suite.name, hello.case_id, hello.expected) == ("greetings", "1", "Hello")
    assert [message.content for message in hello.messages] == ["Be brief.", "Say hello."]
    assert (total.category, [scoring.name for scoring in total.scoring]) == ("numbers", ["contains", "most-words"])
    assert (text.text, text.scoring[0].name) == ("The early bird", "normalised")


@pytest.mark.parametrize(
    ("change", "line", "reason"),
    [
        (("prompt: Say hello.", "promt: Say hello."), 5, "no field promt"),
        (("expected: Hello", "expected: ''"), 5, "compares with `expected`"),
        (("most-words: 10", "most-words: ten"), 7, "takes a whole number"),
        (("[{contains:", "[{holds:"), 7, "there is no scorer holds"),
        (("id: sum", "id: '1'"), 7, "stands in line 5 already"),
        (("role: user", "role: asker"), 7, "a message has a role"),
        (("role: user", "role: assistant"), 7, "nothing is asked"),
        (("text: The early bird", "text: a\n    prompt: b"), 11, "one of prompt, messages and text"),
        (("name: greetings", "name: Good Morning"), 1, "name"),
        (("cases:", "rows:"), 1, "there is no list of cases"),
        (("expected: Hello", "expected: [unclosed"), 7, "expected"),
        (("expected: Hello", "expected: &a Hello\n    category: *a"), 1, "anchors"),
        (("scorers: [{contains:", "scorers: [{regex: '('}, {contains:"), 7, "is not one"),
    ],
)
def test_a_fault_is_told_with_its_line(change: tuple[str, str], line: int, reason: str) -> None:
    with pytest.raises(SuiteInvalid) as raised:
        parse_suite(GOOD.replace(*change, 1), "file", "file.yaml")
    assert f"line {line}:" in str(raised.value)
    assert reason in str(raised.value)


def test_json_lines_are_read_with_or_without_a_head() -> None:
    case = json.dumps({"prompt": "a", "expected": "b"})
    assert len(parse_suite(f"{case}\n\n{case}\n", "x", "x.jsonl").cases) == 2
    headed = json.dumps({"name": "named", "scorers": ["chrf"]})
    suite = parse_suite(f"{headed}\n{case}\n", "x", "x.jsonl")
    assert (suite.name, suite.scorers) == ("named", ("chrf",))
    with pytest.raises(SuiteInvalid, match="line 2: this is no JSON"):
        parse_suite(f"{case}\n{{oops\n", "x", "x.jsonl")


def test_an_empty_or_unreadable_suite_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SuiteEmpty):
        parse_suite("cases: []\n", "x", "x.yaml")
    (tmp_path / "latin.yaml").write_bytes(b"cases: \xff")
    with pytest.raises(SuiteInvalid, match="UTF-8"):
        read_suite(tmp_path / "latin.yaml")


def test_the_suites_that_come_with_luthier_are_sound() -> None:
    suites = {suite.name: suite for suite in built_in_suites()}
    assert suites.keys() == {"tool-calls", "dungeon-master", "coherence", "instructions", "refusal"}
    for suite in suites.values():
        assert 12 <= len(suite.cases) <= 25
        assert suite.about
        assert suite.licence == "Apache-2.0"
        assert set(suite.scorers) <= set(SCORERS)


def test_the_digest_follows_what_is_asked_and_not_what_is_told_about_it() -> None:
    suite = parse_suite(GOOD, "file", "file.yaml")
    assert parse_suite(GOOD.replace("greetings", "others"), "file", "file.yaml").sha256 == suite.sha256
    assert parse_suite(GOOD.replace("Be brief", "Be long"), "file", "file.yaml").sha256 != suite.sha256


def test_a_shorter_suite_keeps_some_of_every_category() -> None:
    suite = next(suite for suite in built_in_suites() if suite.name == "instructions")
    assert suite.cut(4).categories == suite.categories
    assert suite.cut(1000) is suite
