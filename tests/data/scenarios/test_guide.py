"""The guide and the grammar page are true: what they show is read as they say."""

import re
import tomllib

import pytest

from luthier.data.scenarios.facts import read_facts
from luthier.data.scenarios.grammar import Grammar, built_in_grammar, read_grammar
from luthier.data.scenarios.values import Kind
from luthier.data.scenarios.vary import varied
from luthier.data.scenarios.vary_rules import Aspect
from tests.data.scenarios.builders import ASKED, read, sound, with_turns
from tests.shape.sources import ROOT

GUIDE = (ROOT / "docs" / "guide" / "scenarios.md").read_text(encoding="utf-8")
GRAMMAR = (ROOT / "docs" / "guide" / "scenario-grammar.md").read_text(encoding="utf-8")


def _block(page: str, language: str) -> str:
    found = re.search(rf"^(`{{3,4}}){language}\n(.*?)^\1$", page, re.MULTILINE | re.DOTALL)
    assert found is not None
    return found[2]


@pytest.mark.parametrize("page", [GUIDE, GRAMMAR])
def test_the_worked_example_of_a_page_has_no_finding_and_can_be_varied(page: str) -> None:
    reading = read(_block(page, "markdown"))
    assert reading.findings == ()
    for seed in range(5):
        assert read(varied(reading, seed, "x.md")).findings == ()


def test_the_worked_example_says_what_the_page_claims() -> None:
    scenario = sound(_block(GRAMMAR, "markdown"))
    assert scenario.turns[-1].text.startswith("The lock gives way with a crack")
    assert scenario.location.endswith("a caretaker.")


def test_the_tool_of_the_guide_works() -> None:
    own = tomllib.loads(_block(GUIDE, "toml"))
    facts = read_facts("grammar.toml")
    merged = facts | {"tools": facts["tools"] | own["tools"], "categories": facts["categories"] + own["categories"]}
    grammar = Grammar.model_validate(merged)
    answer = "# TOOLCALL\n\n- Before: 20\n- Price: 8\n- After: 12\n"
    text = with_turns(ASKED, "# DM\n\nEight.\n\n[pay: two lanterns price=8]\n", answer, "# DM\n\nThank you.\n")
    assert sound(text, grammar).turns[1].calls[0].arguments == {"for": "two lanterns", "price": 8}


def test_the_tool_that_the_grammar_page_shows_is_the_built_in_one() -> None:
    shown = Grammar.model_validate({**read_facts("grammar.toml"), **tomllib.loads(_block(GRAMMAR, "toml"))}).tools[
        "roll"
    ]
    built_in = built_in_grammar().tools["roll"]
    assert shown.checks == built_in.checks
    assert shown.subject == built_in.subject
    for table in ("arguments", "results"):
        here, there = getattr(shown, table), getattr(built_in, table)
        assert {name: (slot.type, slot.default, slot.choices) for name, slot in here.items()} == {
            name: (slot.type, slot.default, slot.choices) for name, slot in there.items()
        }


def test_the_pages_name_every_category_type_and_aspect() -> None:
    assert [word for word in built_in_grammar().categories if word not in GUIDE] == []
    assert [kind.value for kind in Kind if f"| {kind.value} |" not in GRAMMAR] == []
    assert [aspect.value for aspect in Aspect if f"`{aspect.value}`" not in GUIDE] == []


def test_the_rules_of_variation_that_the_guide_shows_are_understood() -> None:
    rules = _block(GUIDE, "yaml")
    text = _block(GUIDE, "markdown").replace("tags: [river, toll]\n", f"tags: [river, toll]\n{rules}")
    reading = read(text)
    assert reading.findings == ()
    assert reading.header.rules.levels == (2, 4) and set(reading.header.rules.settings) == {"weather"}


def test_every_symbol_of_the_grammar_is_defined_or_plain() -> None:
    blocks = re.findall(r"```ebnf\n(.*?)```", GRAMMAR, re.DOTALL)
    text = re.sub(r"\(\*.*?\*\)|\?.*?\?|\"[^\"]*\"|'[^']*'", " ", "\n".join(blocks), flags=re.DOTALL)
    defined = set(re.findall(r"^([a-z-]+) +=", text, re.MULTILINE))
    used = set(re.findall(r"[a-z][a-z-]+", text))
    plain = {
        "line-end",
        "blank-line",
        "any-line",
        "title",
        "name",
        "value",
        "blank",
        "letter",
        "word",
        "tool",
        "setting",
    }
    assert used - defined == plain | {"subject", "field-name", "outcome"}


def test_a_grammar_file_is_read_from_its_place() -> None:
    path = ROOT / "src" / "luthier" / "data" / "scenarios" / "facts" / "grammar.toml"
    assert read_grammar(path) == built_in_grammar()
