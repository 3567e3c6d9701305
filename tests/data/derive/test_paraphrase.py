import pytest

from luthier.data.derive.paraphrase import fault_of, prompt_for, question_at, quoted_names, tidied
from tests.data.builders import a_chat

QUESTION = 'Please send 12 pegs and 2.5 m of "gut string" to me.'


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        ('Could you post me 2.5 m of "gut string" and 12 pegs?', None),
        ("", "nothing"),
        ('please send 12 pegs, and 2.5 m of "Gut string", to me!', "the same"),
        ('Could you post me 2.5 m of "gut string" and 13 pegs?', "number"),
        ('Could you post me 2.5 m of "gut string" and twelve pegs?', "number"),
        ('Could you post me 2 m of "gut string", 12 pegs and 12 more?', "number"),
        ("Could you post me 2.5 m of gut cord and 12 pegs?", "quoted"),
        ("No.", "much less"),
        (QUESTION + " Also, tell me all about how they are made. " * 6, "much more"),
    ],
)
def test_other_words_must_differ_and_keep_numbers_and_quoted_names(answer: str, fault: str | None) -> None:
    found = fault_of(QUESTION, answer)
    assert found is None if fault is None else fault in (found or "")


def test_names_in_any_quotation_marks_are_kept_and_an_apostrophe_is_none() -> None:
    assert quoted_names("“a”, «b», `c`, 'd e' and don't or Bob's") == ["a", "b", "c", "d e"]


def test_quotation_marks_around_the_whole_answer_are_taken_off() -> None:
    assert tidied(' "Where is it?" \n') == "Where is it?"
    assert tidied('"a" and "b"') == '"a" and "b"'


def test_the_question_is_asked_as_it_stands() -> None:
    assert prompt_for("Is {question} here?").endswith("\n\nIs {question} here?")


def test_the_first_turn_of_the_user_that_says_something_is_put_in_other_words() -> None:
    assert question_at(a_chat(" ", "a", "b", "c", system="s")) == 3
    assert question_at(a_chat(" ", "a")) is None


def test_a_question_stays_a_question() -> None:
    assert "question" in (fault_of("Where is the glue kept?", "The glue is kept somewhere.") or "")
    assert fault_of("Where is the glue kept?", "In which jar do you keep the glue?") is None
