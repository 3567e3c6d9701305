"""Texts that were made to hurt: they end, with findings, in time that grows with their length and no faster."""

import pytest

from luthier.data.scenarios.layout import formatted
from luthier.data.scenarios.tree import parse_tree, printed
from tests.data.scenarios.builders import FRONT, GOOD, bent, read

SIZE = 60_000
_MANY = {
    "open braces": "{" * SIZE,
    "closed braces": "}" * SIZE,
    "nested braces": "{" * (SIZE // 2) + "}" * (SIZE // 2),
    "many spans": "{a|b}" * (SIZE // 5),
    "many bars": "{" + "a|" * (SIZE // 2) + "}",
    "open calls": "[roll:" * (SIZE // 6),
    "unknown calls": "[rol: x]" * (SIZE // 8),
    "backslashes": "\\" * SIZE,
    "one letter a line": "a\n" * (SIZE // 2),
    "blanks": " " * SIZE,
    "headings": "## a\n" * (SIZE // 5),
    "turns": "# DM\n\nx\n\n# User\n\ny\n\n" * (SIZE // 25),
    "calls": "# DM\n\n[roll: x]\n\n" * (SIZE // 20),
    "answers": "# TOOLCALL\n\n- Total: 1\n\n" * (SIZE // 25),
    "fences": "```\n" * (SIZE // 4 + 1),
    "number signs": "#" * SIZE,
    "one heading": "# " + "a " * (SIZE // 2) + "#" * 9,
    "labels": "{a=success: b|a=failure: c}" * (SIZE // 30),
}
_FRONTS = {
    "lists in lists": "x: " + "[" * SIZE,
    "many keys": "".join(f"k{number}: v\n" for number in range(SIZE // 5)),
    "one long text": "x: " + "a" * 2 * SIZE,
    "entities": "a: &a [x]\n" + "".join(f"b{number}: *a\n" for number in range(999)),
}


@pytest.mark.parametrize("name", _MANY)
def test_a_turn_full_of_it_is_read_to_its_end(name: str) -> None:
    text = f"{GOOD}\n# User\n\nWell?\n\n# DM\n\nx {_MANY[name]}\n"
    reading = read(text)
    assert printed(reading.tree) == text
    assert len(reading.findings) <= 501
    assert formatted(parse_tree(formatted(reading.tree))) == formatted(reading.tree)


@pytest.mark.parametrize("name", _FRONTS)
def test_front_matter_full_of_it_is_a_finding(name: str) -> None:
    reading = read(GOOD.replace(FRONT, f"---\n{_FRONTS[name]}\n---\n"))
    assert reading.scenario is None
    assert [finding.code for finding in reading.findings][:1] == ["scenario.front_matter_syntax"]


def test_a_list_of_a_hundred_thousand_things_is_carried() -> None:
    text = bent("- Inventory: dagger, rope", "- Inventory:\n" + "  - a\n" * 100_000)
    assert len(read(text).outline.party[0].inventory) == 100_000


def test_a_hopeless_file_says_how_many_problems_are_not_shown() -> None:
    last = read(bent("The rope creaks.", "}" * 700)).findings[-1]
    assert (last.code, last.sentence) == ("scenario.more", "200 more problems were found.")
