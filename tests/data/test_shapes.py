"""Shapes are told by whole column names; what is uncertain says so, and the user's word wins."""

from pathlib import Path
from typing import Any

import pytest

from luthier.data.facts import column_facts
from luthier.data.shapes import detect_mapping
from luthier.domain.datasets import (
    CONFIRM_BELOW,
    DatasetColumnMissing,
    DatasetPartMissing,
    DatasetPartUnknown,
    DatasetShapeUnknown,
    DatasetShapeWrong,
    Mapping,
    Shape,
)

TURNS = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]
SHAREGPT_TURNS = [{"from": "human", "value": "a"}, {"from": "gpt", "value": "b"}]


def mapping_of(row: dict[str, Any], **how: Any) -> Mapping:
    return detect_mapping(Path("data.jsonl"), [row] * 3, **how)


@pytest.mark.parametrize(
    ("row", "shape"),
    [
        ({"instruction": "a", "input": "", "output": "b"}, Shape.ALPACA),
        ({"instruction": "a", "output": "b", "system": "s", "history": []}, Shape.ALPACA),
        ({"conversations": SHAREGPT_TURNS, "tools": "[]"}, Shape.SHAREGPT),
        ({"messages": TURNS}, Shape.MESSAGES),
        ({"messages": TURNS, "tools": [], "id": 7, "source": "x"}, Shape.MESSAGES),
        ({"prompt": "a", "completion": "b"}, Shape.PROMPT_COMPLETION),
        ({"text": "a"}, Shape.TEXT),
        ({"conversations": SHAREGPT_TURNS, "chosen": {}, "rejected": {}}, Shape.PREFERENCE),
        ({"prompt": "a", "chosen": "b", "rejected": "c"}, Shape.PREFERENCE),
        ({"chosen": TURNS, "rejected": TURNS}, Shape.PREFERENCE),
        ({"messages": TURNS, "label": True}, Shape.LABELLED),
        ({"prompt": "a", "completion": "b", "kto_tag": True}, Shape.LABELLED),
        ({"prompt": "a", "completion": "b", "reward": 0.5}, Shape.LABELLED),
        ({"messages": TURNS, "reward": "4"}, Shape.LABELLED),
        ({"prompt": "a"}, Shape.PROMPT),
        ({"prompt": TURNS[:1], "system": "s"}, Shape.PROMPT),
    ],
)
def test_known_columns_give_a_certain_shape(row: dict[str, Any], shape: Shape) -> None:
    mapping = mapping_of(row)
    assert (mapping.shape, mapping.confidence) == (shape, 1.0)


def test_a_column_name_that_merely_contains_a_known_one_is_not_taken() -> None:
    with pytest.raises(DatasetShapeUnknown):
        mapping_of({"prompt_id": "a", "completion_tokens": "b", "context_text": "c"})


def test_case_and_blanks_around_a_name_do_not_matter() -> None:
    assert mapping_of({"Instruction": "a", " Output ": "b"}).columns == {
        "instruction": "Instruction",
        "output": " Output ",
    }


def test_usual_names_are_taken_with_less_confidence_and_say_why() -> None:
    mapping = mapping_of({"question": "a", "answer": "b"})
    assert mapping.columns == {"prompt": "question", "completion": "answer"}
    assert CONFIRM_BELOW <= mapping.confidence < 1.0
    assert "'question'" in mapping.reason


def test_two_columns_for_one_part_must_be_confirmed() -> None:
    mapping = mapping_of({"prompt": "a", "response": "b", "answer": "c"})
    assert mapping.confidence < CONFIRM_BELOW
    assert "'answer'" in mapping.reason


def test_text_beside_another_part_must_be_confirmed() -> None:
    mapping = mapping_of({"text": "a", "label": "b"})
    assert mapping.shape is Shape.TEXT
    assert mapping.confidence < CONFIRM_BELOW


@pytest.mark.parametrize(
    ("rewards", "good_from"),
    [([1, 5, 4], 3.0), ([0, 1], 0.5), ([-1, "0.5"], -0.25), ([2, 2], 2.0), ([True, False], 0.5), (["none"], 0.0)],
)
def test_the_middle_of_the_scale_parts_good_rewards_from_bad_ones(rewards: list[Any], good_from: float) -> None:
    rows = [{"prompt": "a", "completion": "b", "reward": reward} for reward in rewards]
    assert detect_mapping(Path("data.jsonl"), rows).good_from == good_from


def test_where_rewards_part_is_said() -> None:
    rows = [{"prompt": "a", "completion": "b", "score": score} for score in (1, 5)]
    mapping = detect_mapping(Path("data.jsonl"), rows, columns={"reward": "score"})
    assert "rewards go from 1 to 5, so an answer counts as good from 3 on" in mapping.reason


def test_a_question_beside_an_unknown_column_is_not_taken_for_a_question_alone() -> None:
    """Hazard: the answers of a table would be left behind because of their name."""
    with pytest.raises(DatasetShapeUnknown):
        mapping_of({"question": "a", "solution": "b"})
    with pytest.raises(DatasetPartMissing, match="completion"):
        mapping_of({"frage": "a", "solution": "b"}, columns={"prompt": "frage"})
    assert mapping_of({"question": "a", "solution": "b"}, shape="prompt").columns == {"prompt": "question"}


def test_the_fields_of_the_turns_decide_between_messages_and_sharegpt() -> None:
    assert mapping_of({"messages": SHAREGPT_TURNS}).shape is Shape.SHAREGPT
    swapped = mapping_of({"conversations": TURNS, "tools": []})
    assert (swapped.shape, swapped.columns["messages"]) == (Shape.MESSAGES, "conversations")


def test_a_rare_optional_column_is_still_mapped() -> None:
    row = {"prompt": "a", "completion": "b"}
    mapping = detect_mapping(Path("data.jsonl"), [row] * 20 + [row | {"system": "s"}])
    assert mapping.columns["system"] == "system"


def test_a_mapping_by_the_user_wins_and_is_certain() -> None:
    mapping = mapping_of({"frage": "a", "antwort": "b"}, columns={"prompt": "frage", "completion": "antwort"})
    assert (mapping.shape, mapping.confidence) == (Shape.PROMPT_COMPLETION, 1.0)
    mapping = mapping_of({"text": "a", "label": "b"}, shape="text")
    assert (mapping.shape, mapping.confidence) == (Shape.TEXT, 1.0)


def test_half_a_mapping_is_completed_from_the_names() -> None:
    mapping = mapping_of({"frage": "a", "completion": "b"}, columns={"prompt": "frage"})
    assert mapping.columns == {"prompt": "frage", "completion": "completion"}


@pytest.mark.parametrize(
    ("how", "error"),
    [
        ({"shape": "alpacca"}, DatasetShapeWrong),
        ({"columns": {"prompt": "nowhere"}}, DatasetColumnMissing),
        ({"columns": {"promt": "prompt"}}, DatasetPartUnknown),
        ({"shape": "text", "columns": {"prompt": "prompt"}}, DatasetPartUnknown),
        ({"shape": "alpaca"}, DatasetPartMissing),
        ({"columns": {"completion": "prompt"}}, DatasetPartMissing),
    ],
)
def test_a_wrong_wish_is_answered_with_its_own_error(how: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error) as caught:
        mapping_of({"prompt": "a", "other": "b"}, **how)
    assert "{" not in str(caught.value)


def test_unknown_columns_are_named_and_long_ones_shortened() -> None:
    with pytest.raises(DatasetShapeUnknown) as caught:
        mapping_of({"foo": "a", "x" * 500: "b"})
    assert "foo" in str(caught.value)
    assert len(str(caught.value)) < 300


def test_every_part_that_a_shape_needs_has_names() -> None:
    facts = column_facts()
    assert {part for form in facts.shapes for part in form.parts} <= set(facts.parts)
    assert {form.shape for form in facts.shapes} == set(Shape)
