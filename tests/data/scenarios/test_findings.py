"""Every slip of the pen is found where it stands, with what was expected and what to do; several in one file, too."""

import re
from pathlib import Path

import pytest

import luthier
from luthier.data.scenarios.grammar import built_in_grammar
from luthier.data.scenarios.read import read_scenario
from luthier.domain.findings import Finding, Level
from scripts.reference.findings import entries
from tests.data.scenarios.builders import GOOD, bent, read
from tests.data.scenarios.hazards import HAZARDS, Hazard


@pytest.mark.parametrize("name", HAZARDS)
def test_a_hazard_is_found_at_its_place(name: str) -> None:
    hazard = HAZARDS[name]
    found = [finding for finding in read(hazard.text).findings if finding.code == f"scenario.{hazard.code}"]
    assert found, [finding.code for finding in read(hazard.text).findings]
    assert (found[0].place.line, found[0].place.character) == _spot(hazard)
    assert found[0].level is (Level.WARNING if hazard.warning else Level.ERROR)


@pytest.mark.parametrize("name", HAZARDS)
def test_every_finding_says_what_to_do_about_it(name: str) -> None:
    for finding in read(HAZARDS[name].text).findings:
        assert finding.suggestion
        assert finding.sentence[-1] in ".?" and finding.sentence[0].isprintable()
        assert _is_inside(finding, HAZARDS[name].text)


@pytest.mark.parametrize("name", [name for name, hazard in HAZARDS.items() if not hazard.warning])
def test_what_has_an_error_is_no_scenario_to_train_on(name: str) -> None:
    assert read(HAZARDS[name].text).scenario is None


def test_every_code_that_the_parser_can_give_has_its_hazard() -> None:
    folder = Path(luthier.__file__).parent / "data" / "scenarios"
    source = "\n".join(path.read_text() for path in folder.glob("*.py") if path.name not in ("quality.py", "files.py"))
    codes = set(re.findall(r'(?:fault|doubt|Wrong)\(\s*"([a-z_]+)"', source)) - {"argument_unnamed"}
    assert codes == {hazard.code for hazard in HAZARDS.values()}


def test_every_code_of_a_scenario_stands_on_the_page_of_findings() -> None:
    known = {entry.code for entry in entries()}
    assert {f"scenario.{hazard.code}" for hazard in HAZARDS.values()} <= known


def test_several_errors_are_all_found_in_the_order_of_the_file() -> None:
    text = bent("title: The ferry\n", "").replace("Level: 2", "Level: x").replace("Total: 13", "Total: 1")
    found = read(text + "\n# DM\n\n{so\n").findings
    assert [finding.code.split(".")[1] for finding in found] == [
        "title_missing",
        "character_field_type",
        "total_wrong",
        "turn_order",
        "span_unclosed",
    ]


def test_the_right_number_is_offered() -> None:
    (finding,) = read(bent("Total: 13", "Total: 14")).findings
    assert (finding.expected, finding.suggestion) == ("13", "Write - Total: 13")
    assert finding.sentence == "The total is 14, but rolls 10 plus modifier 3 makes 13."


def test_a_near_miss_is_named() -> None:
    (finding,) = read(bent("category: social", "category: combt")).findings
    assert finding.suggestion == "Did you mean combat?"


def test_the_file_stands_in_every_place() -> None:
    findings = read_scenario(bent("Level: 2", "Level: x"), built_in_grammar(), "a/b.md").findings
    assert [str(finding.place) for finding in findings] == ["a/b.md, line 26, character 10"]


def _spot(hazard: Hazard) -> tuple[int, int]:
    """`#2` means the second TOOLCALL, `#field` the value of the empty field, `#end` the end of the text."""
    text, anchor = hazard.text, hazard.at
    if anchor == "#2":
        at = text.index("# TOOLCALL", text.index("# TOOLCALL") + 1)
    elif anchor == "#field":
        at = text.index("- Rolls:") + len("- Rolls:")
    else:
        at = text.index(anchor.removesuffix("#end"))
    line = text.count("\n", 0, at) + 1
    return line, at - text.rfind("\n", 0, at)


def _is_inside(finding: Finding, text: str) -> bool:
    lines = re.split("\r\n|\r|\n", text)
    line, character = finding.place.line or 0, finding.place.character or 0
    return 1 <= line <= len(lines) and 1 <= character <= len(lines[line - 1]) + 1


def test_the_good_scenario_is_what_the_hazards_bend() -> None:
    assert read(GOOD).findings == ()
