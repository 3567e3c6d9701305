"""A row becomes the example that it means, or a finding that says where and why it cannot."""

import json
from pathlib import Path
from typing import Any

import pytest

from luthier.data.canonical import from_line, to_line
from luthier.data.convert import Converted, convert
from luthier.data.pairs import with_rejected
from luthier.data.readers.rows import Row
from luthier.domain.datasets import Mapping, Message, Role, Shape, ToolCall

U, A, S, T = Role.USER, Role.ASSISTANT, Role.SYSTEM, Role.TOOL
LONE_SURROGATE = json.loads('"half \\ud83d"')


def converted(shape: Shape, row: dict[str, Any], columns: dict[str, str] | None = None) -> Converted:
    mapping = Mapping(shape=shape, columns=columns or {name: name for name in row}, confidence=1.0, reason="")
    return convert(Row(7, 9, row), mapping)


def messages_of(shape: Shape, row: dict[str, Any]) -> list[tuple[Role, str]]:
    result = converted(shape, row)
    assert result.findings == ()
    assert result.example is not None and result.example.row == 7
    return [(message.role, message.content) for message in result.example.messages]


def codes(result: Converted) -> list[str]:
    return [finding.code.removeprefix("dataset.") for finding in result.findings]


def chat(*turns: Any) -> Converted:
    return converted(Shape.MESSAGES, {"messages": list(turns)})


def turn(role: str, content: Any = "x", **fields: Any) -> dict[str, Any]:
    return {"role": role, "content": content, **fields}


def test_alpaca_joins_instruction_and_input_and_puts_history_before() -> None:
    row = {"instruction": "do", "input": "this", "output": "done", "system": "be", "history": [["q", "a"]]}
    assert messages_of(Shape.ALPACA, row) == [(S, "be"), (U, "q"), (A, "a"), (U, "do\n\nthis"), (A, "done")]
    assert messages_of(Shape.ALPACA, {"instruction": "do", "input": " ", "output": "done"}) == [(U, "do"), (A, "done")]


def test_sharegpt_calls_and_observations_become_tool_calls_and_results() -> None:
    call = {"name": "weather", "arguments": {"city": "Rome"}}
    row = {
        "conversations": [
            {"from": "human", "value": "q"},
            {"from": "function_call", "value": json.dumps(call)},
            {"from": "observation", "value": "sunny"},
            {"from": "gpt", "value": "It is sunny."},
        ],
        "tools": json.dumps([{"name": "weather", "parameters": {}}]),
        "system": "be brief",
    }
    result = converted(Shape.SHAREGPT, row)
    assert result.findings == () and result.example is not None
    assert [message.role for message in result.example.messages] == [S, U, A, T, A]
    assert result.example.messages[2].tool_calls == (ToolCall("weather", {"city": "Rome"}),)
    assert result.example.tools == ({"type": "function", "function": {"name": "weather", "parameters": {}}},)


def test_openai_messages_keep_calls_ids_weights_and_names() -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": '{"x": 1}'}}
    result = chat(
        turn("developer", "be"),
        turn("user", "q", name="ann"),
        turn("assistant", None, tool_calls=[call], weight=0),
        turn("tool", "1", tool_call_id="c1"),
        turn("assistant", "done", weight=1),
    )
    assert result.findings == () and result.example is not None
    _, asked, calling, _, answer = result.example.messages
    assert (asked.name, calling.tool_calls, calling.train) == ("ann", (ToolCall("f", {"x": 1}, "c1"),), False)
    assert (answer.content, answer.train) == ("done", True)


def test_parts_of_content_are_told_apart() -> None:
    result = chat(
        turn("user", [{"type": "text", "text": "q"}, {"type": "text", "value": "?"}]),
        turn(
            "assistant",
            [
                {"type": "reasoning", "value": "think"},
                {"type": "text", "value": "say"},
                {"type": "tool_call", "value": '{"name": "f", "arguments": {}}'},
            ],
        ),
    )
    assert result.example is not None
    assert result.example.messages[0].content == "q?"
    assert result.example.messages[1] == Message(A, "say", reasoning="think", tool_calls=(ToolCall("f", {}),))


@pytest.mark.parametrize("field", ["reasoning_content", "reasoning", "thinking"])
def test_reasoning_is_found_under_each_of_its_names(field: str) -> None:
    result = chat(turn("user"), turn("assistant", "a", **{field: "because"}))
    assert result.example is not None and result.example.messages[1].reasoning == "because"


def test_prompt_and_completion_may_be_turns_themselves() -> None:
    row = {"prompt": [turn("system", "be"), turn("user", "q")], "completion": [turn("assistant", "a")]}
    assert messages_of(Shape.PROMPT_COMPLETION, row) == [(S, "be"), (U, "q"), (A, "a")]


def test_turns_may_stand_in_a_cell_as_json() -> None:
    assert messages_of(Shape.MESSAGES, {"messages": json.dumps([turn("user", "q"), turn("assistant", "a")])}) == [
        (U, "q"),
        (A, "a"),
    ]


@pytest.mark.parametrize(
    "row",
    [
        {"prompt": "q", "chosen": "good", "rejected": "bad"},
        {"messages": [{"from": "human", "value": "q"}], "chosen": {"from": "gpt", "value": "good"}, "rejected": {}},
        {"chosen": [turn("user", "q"), turn("assistant", "good")], "rejected": []},
        {"prompt": [turn("user", "q")], "chosen": [turn("user", "q"), turn("assistant", "good")], "rejected": "bad"},
        {"instruction": "q", "chosen": "good", "rejected": "bad"},
    ],
)
def test_every_way_to_write_a_preference_gives_the_chosen_answer(row: dict[str, Any]) -> None:
    assert messages_of(Shape.PREFERENCE, row) == [(U, "q"), (A, "good")]


@pytest.mark.parametrize(
    "row",
    [
        {"prompt": "q", "chosen": "good", "rejected": "bad"},
        {"prompt": [turn("user", "q")], "chosen": "good", "rejected": [turn("user", "q"), turn("assistant", "bad")]},
        {
            "chosen": [turn("user", "q"), turn("assistant", "good")],
            "rejected": [turn("user", "q"), turn("assistant", "bad")],
        },
    ],
)
def test_the_rejected_answer_is_kept_beside_the_chosen_one_without_the_question(row: dict[str, Any]) -> None:
    example = converted(Shape.PREFERENCE, row).example
    assert example is not None
    assert example.rejected == (Message(A, "bad"),)
    assert with_rejected(example).messages == (Message(U, "q"), Message(A, "bad"))
    assert from_line(to_line(example), Path("pairs.jsonl"), 1) == example


def test_a_rejected_answer_that_cannot_be_read_is_an_error_with_its_column() -> None:
    result = converted(Shape.PREFERENCE, {"prompt": "q", "chosen": "good", "rejected": [turn("user", "bad")]})
    assert result.example is None
    assert [finding.place.column for finding in result.findings if finding.place] == ["rejected"]


@pytest.mark.parametrize("same", ["good", [turn("user", "q"), turn("assistant", "good")]])
def test_a_pair_of_the_same_answer_twice_is_warned_of_however_it_is_written(same: Any) -> None:
    result = converted(Shape.PREFERENCE, {"prompt": "q", "chosen": "good", "rejected": same})
    assert result.example is not None
    assert [(finding.code, finding.level) for finding in result.findings] == [("dataset.answers_alike", "warning")]
    assert converted(Shape.PREFERENCE, {"prompt": "q", "chosen": "good", "rejected": "bad"}).findings == ()


def test_earlier_answers_of_a_preference_are_given_and_not_learned() -> None:
    asked = [turn("user", "q"), turn("assistant", "a"), turn("user", "r")]
    result = converted(Shape.PREFERENCE, {"messages": asked, "chosen": "good", "rejected": "bad"})
    assert result.example is not None
    assert [message.train for message in result.example.messages if message.role is A] == [False, True]


@pytest.mark.parametrize(("label", "good"), [(True, True), (False, False), (1, True), ("false", False), ("good", True)])
def test_a_label_becomes_a_judgement_of_the_answer(label: Any, good: bool) -> None:
    result = converted(Shape.LABELLED, {"messages": [turn("user"), turn("assistant")], "label": label})
    assert result.example is not None and result.example.desirable is good
    assert result.findings == ()


@pytest.mark.parametrize(("reward", "good"), [(3, True), (2.9, False), ("4.5", True), (True, False)])
def test_a_reward_becomes_a_judgement_of_the_answer(reward: Any, good: bool) -> None:
    mapping = {"prompt": "prompt", "completion": "completion", "reward": "reward"}
    rated = Mapping(shape=Shape.LABELLED, columns=mapping, confidence=1.0, reason="said", good_from=3)
    result = convert(Row(7, 9, {"prompt": "q", "completion": "a", "reward": reward}), rated)
    assert result.example is not None and result.example.desirable is good


@pytest.mark.parametrize("reward", ["high", float("nan"), [1]])
def test_a_reward_that_is_no_number_is_an_error_and_not_bad(reward: Any) -> None:
    result = converted(Shape.LABELLED, {"prompt": "q", "completion": "a", "reward": reward})
    assert codes(result) == ["reward_unknown"] and result.example is None


def test_a_question_alone_is_an_example_of_which_nothing_is_learnt() -> None:
    asked = [turn("user", "q"), turn("assistant", "a"), turn("user", "r")]
    result = converted(Shape.PROMPT, {"prompt": asked, "system": "s"})
    assert result.example is not None and result.findings == ()
    assert [message.role for message in result.example.messages] == [Role.SYSTEM, Role.USER, A, Role.USER]
    assert not any(message.train for message in result.example.messages if message.role is A)


@pytest.mark.parametrize("prompt", ["  ", [turn("user", "q"), turn("assistant", "a")], [turn("system", "s")]])
def test_a_prompt_that_asks_nothing_is_an_error(prompt: Any) -> None:
    assert codes(converted(Shape.PROMPT, {"prompt": prompt})) == ["question_missing"]


def test_an_unknown_label_is_an_error_and_not_bad() -> None:
    result = converted(Shape.LABELLED, {"prompt": "q", "completion": "a", "label": "maybe"})
    assert codes(result) == ["label_unknown"] and result.example is None


@pytest.mark.parametrize(
    ("shape", "row", "code"),
    [
        (Shape.ALPACA, {"instruction": "do", "output": None}, "field_missing"),
        (Shape.ALPACA, {"instruction": "do", "output": " \n"}, "answer_empty"),
        (Shape.ALPACA, {"instruction": "do", "output": 42}, "field_type"),
        (Shape.ALPACA, {"instruction": "do", "output": "x", "history": "[[1]]"}, "field_type"),
        (Shape.TEXT, {"text": "  "}, "text_empty"),
        (Shape.TEXT, {"text": "a\x00b"}, "nul_character"),
        (Shape.TEXT, {"text": LONE_SURROGATE}, "lone_surrogate"),
        (Shape.PROMPT_COMPLETION, {"prompt": "q", "completion": LONE_SURROGATE}, "lone_surrogate"),
        (Shape.MESSAGES, {"messages": "[not json"}, "json_in_field"),
        (Shape.MESSAGES, {"messages": 3}, "field_type"),
        (Shape.MESSAGES, {"messages": ["text"]}, "field_type"),
        (Shape.MESSAGES, {"messages": []}, "answer_missing"),
        (Shape.MESSAGES, {"messages": [turn("user")]}, "answer_missing"),
        (Shape.MESSAGES, {"messages": [turn("wizard")]}, "role_unknown"),
        (Shape.MESSAGES, {"messages": [{"content": "x"}]}, "role_unknown"),
        (Shape.MESSAGES, {"messages": [turn("user", [{"type": "image_url", "image_url": {}}])]}, "part_kind"),
        (Shape.MESSAGES, {"messages": [turn("user"), turn("assistant", weight=2)]}, "weight"),
        (Shape.SHAREGPT, {"conversations": [{"from": "function_call", "value": "weather()"}]}, "json_in_field"),
        (Shape.SHAREGPT, {"conversations": [{"from": "function_call", "value": "{}"}]}, "tool_call_broken"),
        (Shape.MESSAGES, {"messages": [turn("user"), turn("assistant")], "tools": [{"x": 1}]}, "tool_broken"),
    ],
)
def test_a_broken_row_is_an_error_at_its_row_line_and_column(shape: Shape, row: dict[str, Any], code: str) -> None:
    result = converted(shape, row)
    assert result.example is None
    assert code in codes(result)
    finding = next(each for each in result.findings if each.code.endswith(code))
    assert (finding.place.row, finding.place.line) == (7, 9)
    assert finding.place.column in row


def test_arguments_nested_beyond_any_use_are_refused_without_recursion() -> None:
    arguments: dict[str, Any] = {}
    for _ in range(5000):
        arguments = {"a": arguments}
    call = {"function": {"name": "f", "arguments": arguments}}
    assert "too_nested" in codes(chat(turn("user"), turn("assistant", None, tool_calls=[call])))


def test_a_lone_surrogate_inside_a_call_is_found() -> None:
    call = {"function": {"name": "f", "arguments": {"a": [LONE_SURROGATE]}}}
    assert "lone_surrogate" in codes(chat(turn("user"), turn("assistant", None, tool_calls=[call])))


@pytest.mark.parametrize(
    "turns",
    [
        [turn("user"), turn("user"), turn("assistant")],
        [turn("user"), turn("assistant"), turn("assistant")],
        [turn("user"), turn("system"), turn("assistant")],
        [turn("assistant"), turn("user"), turn("assistant")],
        [turn("user"), turn("tool"), turn("assistant")],
        [turn("user"), turn("assistant"), turn("user")],
    ],
)
def test_an_unusual_order_is_a_warning_and_the_example_is_kept(turns: list[dict[str, Any]]) -> None:
    result = chat(*turns)
    assert codes(result) == ["turn_order"]
    assert result.example is not None


@pytest.mark.parametrize("field", ["name", "reasoning"])
def test_a_lone_surrogate_beside_the_content_is_found(field: str) -> None:
    assert "lone_surrogate" in codes(chat(turn("user"), turn("assistant", "a", **{field: LONE_SURROGATE})))


def test_findings_of_the_reader_are_passed_on() -> None:
    unread = convert(Row(3, 4, None, ()), Mapping(shape=Shape.TEXT, columns={}, confidence=1.0, reason=""))
    assert unread == Converted(None, ())


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("combat", "combat"),
        (" rest ", " rest "),
        (3, "3"),
        (True, "True"),
        ("", ""),
        ("  ", ""),
        (None, ""),
        (["a"], ""),
    ],
)
def test_a_category_is_kept_and_is_never_an_error(written: Any, kept: str) -> None:
    result = converted(Shape.TEXT, {"text": "Oak.", "category": written})
    assert result.example is not None and result.findings == ()
    assert result.example.category == kept
    assert from_line(to_line(result.example), Path("x"), 1) == result.example
