"""A question that stands on both sides of a split is found, however it is written."""

from luthier.data.splits import question_hash, shared_questions
from luthier.domain.datasets import Example
from tests.data.builders import a_chat


def test_case_and_blanks_make_no_new_question() -> None:
    assert question_hash(a_chat("What  is IT?\n", "a")) == question_hash(a_chat("what is it?", "b"))
    assert question_hash(a_chat("q", "a", system="s")) != question_hash(a_chat("q", "a"))
    assert question_hash(Example(1, text="A b")) == question_hash(Example(2, text="a  B"))


def test_a_question_on_both_sides_is_named_by_its_row_in_the_held_out_file() -> None:
    train = [a_chat("How many pegs?", "four", row=1)]
    held_out = [a_chat("Which glue?", "hide", row=1), a_chat("how many  PEGS?", "five", row=2)]
    assert shared_questions(train, held_out) == [2]
