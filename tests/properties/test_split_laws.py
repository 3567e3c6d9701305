"""What is held out is kept apart: disjoint, complete, the same every time, and no question stands on both sides."""

import hypothesis.strategies as st
from hypothesis import given

from luthier.data.splits import held_out_positions, question_hash, shared_questions, split
from luthier.domain.datasets import Example, Message, Role

words = st.sampled_from(["two pegs", "Two  pegs", "a tin of varnish", "sandpaper", "glue", "strings", "a bridge"])


def _example(row: int, question: str, answer: str) -> Example:
    return Example(row, messages=(Message(Role.USER, question), Message(Role.ASSISTANT, answer)))


@st.composite
def examples(draw: st.DrawFn) -> list[Example]:
    pairs = draw(st.lists(st.tuples(st.one_of(words, st.text(max_size=12)), words), min_size=1, max_size=40))
    return [_example(row, question, answer) for row, (question, answer) in enumerate(pairs, 1)]


shares = st.floats(0, 0.5)


@given(items=examples(), share=shares)
def test_a_split_is_disjoint_and_complete(items: list[Example], share: float) -> None:
    parts = split(items, share)
    assert sorted(example.row for example in (*parts.train, *parts.held_out)) == [example.row for example in items]
    assert parts.train and len(parts.held_out) <= round(share * len(items))


@given(items=examples(), share=shares, at_most=st.none() | st.integers(0, 10))
def test_no_question_is_both_trained_on_and_held_out(items: list[Example], share: float, at_most: int | None) -> None:
    parts = split(items, share, at_most)
    assert shared_questions(parts.train, parts.held_out) == []
    assert at_most is None or len(parts.held_out) <= at_most


@given(items=examples(), share=shares, data=st.data())
def test_the_order_of_a_file_does_not_decide_what_is_held_out(
    items: list[Example], share: float, data: st.DataObject
) -> None:
    shuffled = data.draw(st.permutations(items))
    here = {items[position].row for position in held_out_positions(items, share)}
    there = {shuffled[position].row for position in held_out_positions(shuffled, share)}
    assert here == there


@given(question=words, first=words, second=words)
def test_an_answer_does_not_make_a_question_another_one(question: str, first: str, second: str) -> None:
    assert question_hash(_example(1, question, first)) == question_hash(_example(2, f"  {question.upper()}", second))
