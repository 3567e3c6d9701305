import pytest

from luthier.evaluation.scorers import is_right

ORDER = '{"customer":"Ada Brook","items":[{"name":"peg","quantity":2}],"due":null}'


def test_nothing_is_scored_when_the_scorer_is_off() -> None:
    assert is_right("off", "a", "a") is None


@pytest.mark.parametrize(("answer", "right"), [(" yes\n", True), ("Yes", False), ("yes.", False), ("", False)])
def test_exact_forgives_white_space_around_the_answer_and_nothing_else(answer: str, right: bool) -> None:
    assert is_right("exact", "yes", answer) is right


@pytest.mark.parametrize(
    "answer",
    [
        ORDER,
        '{ "due": null, "items": [ {"quantity": 2, "name": "peg"} ],\n "customer": "Ada Brook" }',
        '{"customer":"Ada\\u0020Brook","items":[{"name":"peg","quantity":2}],"due":null}',
    ],
)
def test_json_forgives_white_space_key_order_and_spelling_of_characters(answer: str) -> None:
    assert is_right("json", ORDER, answer) is True


@pytest.mark.parametrize(
    ("expected", "answer"),
    [
        ('{"n":1}', '{"n":1.0}'),
        ('{"n":1}', '{"n":true}'),
        ('{"n":1}', '{"n":"1"}'),
        ('{"n":0}', '{"n":false}'),
        ('{"n":null}', "{}"),
        ('{"n":1}', '{"n":1,"m":2}'),
        ("[1,2]", "[2,1]"),
        ("[1]", "1"),
    ],
)
def test_json_is_strict_about_types_keys_and_the_order_of_lists(expected: str, answer: str) -> None:
    assert is_right("json", expected, answer) is False
    assert is_right("json", answer, expected) is False


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "```json\n" + ORDER + "\n```",
        ORDER + " Have a nice day!",
        ORDER[:-1],
        ORDER[:-1] + ',"due":null}',  # the same key twice: readers disagree on what that means
        "[" * 100_000,
        '{"n": NaN}',
        '{"n": ' + "9" * 5_000 + "}",
    ],
    ids=["empty", "fenced", "chatty", "cut", "repeated key", "deep", "NaN", "huge number"],
)
def test_json_counts_what_is_not_the_one_value_as_wrong(answer: str) -> None:
    assert is_right("json", ORDER, answer) is False


def test_an_expected_answer_that_is_no_json_is_compared_as_text() -> None:
    assert is_right("json", "I cannot read that order.", " I cannot read that order.") is True
    assert is_right("json", "I cannot read that order.", "{}") is False
