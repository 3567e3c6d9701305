"""The held-out side proves something only when none of its questions was trained on."""

import hypothesis.strategies as st
from hypothesis import given

from luthier.data.splits import question_hash, shared_questions, split
from luthier.domain.datasets import Example
from tests.data.builders import a_chat

questions = st.lists(st.integers(0, 60).map(lambda number: f"question {number}"), max_size=80)


@given(asked=questions, share=st.floats(0, 0.5))
def test_no_question_is_on_both_sides_and_nothing_is_lost(asked: list[str], share: float) -> None:
    examples = [a_chat(question, f"answer {row}", row=row) for row, question in enumerate(asked)]
    sides = split(examples, share)
    assert shared_questions(sides.train, sides.held_out) == []
    assert sorted(each.row for each in (*sides.train, *sides.held_out)) == list(range(len(examples)))
    assert len(sides.held_out) <= round(share * len(examples))
    assert sides.train or not examples


def test_the_same_examples_are_held_out_whatever_their_order() -> None:
    examples = [a_chat(f"question {row}", "a", row=row) for row in range(200)]
    first, second = split(examples, 0.1), split(examples[::-1], 0.1)
    assert len(first.held_out) == 20
    assert {each.row for each in first.held_out} == {each.row for each in second.held_out}


def test_most_of_the_examples_stay_where_they_were_when_some_are_added() -> None:
    examples = [a_chat(f"question {row}", "a", row=row) for row in range(400)]
    before = {each.row for each in split(examples[:300], 0.1).held_out}
    after = {each.row for each in split(examples, 0.1).held_out}
    assert len(before & after) >= 20


def test_case_and_blanks_make_no_new_question() -> None:
    assert question_hash(a_chat("What  is IT?\n", "a")) == question_hash(a_chat("what is it?", "b"))
    assert question_hash(a_chat("q", "a", system="s")) != question_hash(a_chat("q", "a"))
    assert question_hash(Example(1, text="A b")) == question_hash(Example(2, text="a  B"))


def test_the_number_held_out_can_be_limited() -> None:
    examples = [a_chat(f"question {row}", "a", row=row) for row in range(1000)]
    assert len(split(examples, 0.5, at_most=7).held_out) == 7
