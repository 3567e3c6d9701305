"""Tools are described in a file: what a call takes, what an answer holds, and what has to add up."""

from pathlib import Path

import pytest

from luthier.data.scenarios.convert import tool_definitions
from luthier.data.scenarios.grammar import Grammar, built_in_grammar, grammar_for, read_grammar
from luthier.data.scenarios.vary import varied
from luthier.domain.scenarios import ScenarioGrammarWrong
from tests.data.scenarios.builders import ASKED, codes, read, sound, with_turns

PAY = """
categories = ["trade"]

[tools.pay]
description = "Pays from the purse."
subject = "for"

[tools.pay.arguments.for]
type = "text"
required = true

[tools.pay.arguments.price]
type = "integer"
required = true
minimum = 0

[tools.pay.results.price]
type = "integer"
required = true

[tools.pay.results.before]
type = "integer"
required = true

[tools.pay.results.after]
type = "integer"
required = true

[[tools.pay.checks]]
kind = "equal"
result = "price"
argument = "price"

[[tools.pay.checks]]
kind = "sum"
result = "after"
plus = ["before"]
minus = ["price"]
"""


@pytest.fixture
def grammar(tmp_path: Path) -> Grammar:
    (tmp_path / "scenarios.toml").write_text(PAY)
    return grammar_for(tmp_path)


def _paid(after: int, call: str = '[pay: "two lanterns" price=8]', price: int = 8) -> str:
    answer = f"# TOOLCALL\n\n- For: two lanterns\n- Before: 20\n- Price: {price}\n- After: {after}\n"
    return with_turns(ASKED, f"# DM\n\nEight.\n\n{call}\n", answer, "# DM\n\nYou have {two lanterns.after} left.\n")


def test_a_tool_of_ones_own_is_called_answered_and_told(grammar: Grammar) -> None:
    scenario = sound(_paid(12), grammar)
    assert scenario.turns[1].calls[0].arguments == {"for": "two lanterns", "price": 8}
    assert scenario.turns[2].answer == {"price": 8, "before": 20, "after": 12}
    assert scenario.turns[3].text == "You have 12 left."


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (_paid(13), "total_wrong"),
        (_paid(11, price=9), "answer_differs"),
        (_paid(12, "[pay: two lanterns]"), "argument_missing"),
        (_paid(12, "[pay: two lanterns price=-1]"), "argument_type"),
        (_paid(12).replace("- For: two lanterns", "- For: three"), "answer_differs"),
    ],
)
def test_its_arithmetic_and_its_arguments_are_checked(grammar: Grammar, text: str, code: str) -> None:
    assert code in codes(text, grammar)


def test_a_tool_without_dice_stays_as_it_is_when_a_scenario_is_varied(grammar: Grammar) -> None:
    again = sound(varied(read(_paid(12), grammar), 3, "x.md"), grammar)
    assert again.turns[2].answer == {"price": 8, "before": 20, "after": 12}


def test_the_built_in_tool_is_still_there_and_both_are_defined_for_a_model(grammar: Grammar) -> None:
    assert [tool["function"]["name"] for tool in tool_definitions(grammar)] == ["roll", "pay"]
    assert grammar.categories == (*built_in_grammar().categories, "trade")


def test_a_word_without_its_name_is_refused_where_a_tool_has_no_subject(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text(PAY.replace('subject = "for"\n', ""))
    assert "argument_unnamed" in codes(_paid(12), read_grammar(path))


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("[tools.pay]", "[tools.Pay Me]", "at line 4"),
        ('subject = "for"', 'subject = "what"', "subject 'what'"),
        ('minus = ["price"]', 'minus = ["prise"]', "'prise'"),
        ('kind = "sum"', 'kind = "total"', "kind"),
        ('type = "text"', 'type = "texts"', "type"),
        ('categories = ["trade"]', 'categories = "trade"', "categories"),
        (PAY, 'tools = "none"', "tools is no table"),
        ("[tools.pay]", "[character.level]\ntype = 'text'\n\n[tools.pay]", "'level'"),
        ("required = true\nminimum = 0", 'default = "x"', "default"),
        ('argument = "price"', 'argument = "for"', "different types"),
    ],
)
def test_a_grammar_that_cannot_work_is_refused_with_the_reason(tmp_path: Path, old: str, new: str, words: str) -> None:
    path = tmp_path / "own.toml"
    assert old in PAY
    path.write_text(PAY.replace(old, new, 1))
    with pytest.raises(ScenarioGrammarWrong) as raised:
        read_grammar(path)
    assert words in str(raised.value)


def test_a_grammar_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ScenarioGrammarWrong, match="none"):
        read_grammar(tmp_path / "none.toml")
