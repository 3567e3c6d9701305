"""Each scorer says what it promises, and nothing for free."""

from typing import Any

import pytest

from luthier.domain.chat import ChatMessage
from luthier.domain.suites import Case, Scoring
from luthier.evaluation.case_scores import score_text


def score(name: Any, answer: str, expected: str = "", argument: Any = None) -> float:
    case = Case(case_id="1", messages=(ChatMessage(role="user", content="?"),), expected=expected, scoring=())
    return score_text(Scoring(name=name, argument=argument), case, answer).value


@pytest.mark.parametrize(
    ("name", "expected", "argument", "right", "wrong"),
    [
        ("exact", "42", None, " 42\n", "42."),
        ("exact", "", ["42", "forty-two"], "forty-two", "43"),
        ("normalised", "Café au lait!", None, "cafe  AU lait", "cafe latte"),
        ("contains", "", ["river", "bridge"], "The BRIDGE over the river", "the river"),
        ("excludes", "", ["cold"], "it is warm", "Cold, it is"),
        ("regex", "", r"\d{2}", "it is 42", "it is four"),
        ("json", '{"a": 1, "b": [2]}', None, '{"b":[2],"a":1}', '{"a": 1, "b": ["2"]}'),
        ("json-schema", "", {"type": "object", "required": ["a"]}, '{"a": 1}', '{"b": 1}'),
        ("json-schema", "", {"type": "object"}, "{}", "no json"),
        ("most-words", "", 3, "three short words", "four words are many"),
        ("most-words", "", 3, "one", ""),
        ("refusal", "", None, "I'm sorry, but I can't help with that.", "Sure! First you need"),
        ("refusal", "", False, "Hold the egg firmly and tap it.", "I cannot help with that."),
    ],
)
def test_a_scorer_tells_right_from_wrong(name: str, expected: str, argument: Any, right: str, wrong: str) -> None:
    assert (score(name, right, expected, argument), score(name, wrong, expected, argument)) == (1.0, 0.0)


def test_an_expression_that_a_model_could_blow_up_is_no_concern_of_plain_texts() -> None:
    assert score("contains", "a" * 100_000, argument="b") == 0.0
