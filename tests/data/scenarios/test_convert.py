"""Examples of a scenario teach what the DM says and calls, each turn once, with everything before it given."""

import json
from pathlib import Path

import pytest

from luthier.data.capabilities import Capabilities
from luthier.data.chat_form import chat_form
from luthier.data.convert import convert
from luthier.data.readers.rows import Row
from luthier.data.scenarios.convert import Each, document_of, examples_of, tool_definitions
from luthier.data.scenarios.grammar import built_in_grammar
from luthier.data.scenarios.packaged import pattern_text, patterns
from luthier.data.shapes import detect_mapping
from luthier.domain.datasets import Example, Role, Shape
from luthier.domain.findings import Level
from tests.data.scenarios.builders import GOOD, sound

NAMES = [pattern.name for pattern in patterns()]


def _examples(text: str = GOOD, each: Each = "turn", as_tools: bool = True) -> list[Example]:
    return list(examples_of(sound(text), built_in_grammar(), each=each, as_tools=as_tools))


def test_each_turn_of_the_dm_is_one_example_that_teaches_only_this_turn() -> None:
    first, second = _examples()
    assert [message.role for message in first.messages] == [Role.SYSTEM, Role.USER, Role.ASSISTANT]
    assert [message.role for message in second.messages][3:] == [Role.TOOL, Role.ASSISTANT]
    assert [message.train for message in second.messages if message.role is Role.ASSISTANT] == [False, True]
    assert (first.row, second.row) == (1, 2)


def test_a_call_becomes_a_tool_message_and_leaves_the_text() -> None:
    first, second = _examples()
    answer = first.messages[-1]
    assert answer.content == "He looks at her hands."
    (call,) = answer.tool_calls
    assert (call.name, call.arguments) == ("roll", {"skill": "persuasion", "dc": 12, "mod": 3})
    result = second.messages[3]
    assert (result.name, json.loads(result.content)) == (
        "roll",
        {"dice": "1d20", "rolls": [10], "modifier": 3, "total": 13, "outcome": "success"},
    )


def test_the_definition_of_a_tool_says_what_it_takes() -> None:
    (definition,) = tool_definitions(built_in_grammar())
    parameters = definition["function"]["parameters"]
    assert definition["function"]["name"] == "roll"
    assert parameters["required"] == ["skill"]
    assert parameters["properties"]["dc"] == {
        "type": "integer",
        "minimum": 1,
        "maximum": 40,
        "description": "The difficulty: the total that is needed to succeed.",
    }


def test_as_text_the_call_stays_in_the_turn_and_its_answer_comes_from_the_other_side() -> None:
    first, second = _examples(as_tools=False)
    assert first.messages[-1].content == "He looks at her hands.\n\n[roll: persuasion dc=12 mod=+3]"
    assert second.messages[3].role is Role.USER
    assert second.messages[3].content.startswith("TOOLCALL\n- Skill: persuasion\n- Dice: 1d20\n- Rolls: 10")
    assert first.tools == () and not any(message.tool_calls for message in second.messages)


def test_a_whole_scenario_is_one_example_in_which_every_turn_is_taught() -> None:
    (whole,) = _examples(each="scenario")
    assert all(message.train for message in whole.messages)
    assert len(whole.messages) == 5


def test_the_system_message_holds_the_world_and_the_party() -> None:
    system = _examples()[0].messages[0].content
    assert system == (
        "You are the Dungeon Master.\n\n## World\n\nA wide river and one ferry.\n\n"
        "## Location\n\nThe landing stage.\n\n"
        "## Party\n\n- Arla Venn: rogue, level 2; health 11/14; experience 150; carries dagger, rope."
    )


def test_what_a_user_says_after_the_last_answer_is_no_part_of_a_whole_scenario() -> None:
    (whole,) = _examples(f"{GOOD}\n# User\n\nAnd now?\n", each="scenario")
    assert whole.messages[-1].role is Role.ASSISTANT


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("as_tools", [True, False])
def test_a_written_line_is_read_back_as_the_same_example(name: str, as_tools: bool) -> None:
    for example in _examples(pattern_text(name), as_tools=as_tools):
        document = json.loads(json.dumps(document_of(example)))
        mapping = detect_mapping(Path(name), [document])
        assert mapping.shape is Shape.MESSAGES
        converted = convert(Row(example.row, None, document), mapping)
        assert [finding for finding in converted.findings if finding.level is Level.ERROR] == []
        assert converted.example == example


def test_a_template_that_knows_no_tools_is_given_the_same_words() -> None:
    plain = Capabilities(
        system=True, tools=False, tool_calls=False, tool_role=False, reasoning=False, arguments="object", call_ids=False
    )
    example = _examples()[1]
    text = json.dumps(chat_form(example.messages, example.tools, plain).messages)
    assert "persuasion" in text and "<tool_call>" in text and "outcome" in text
