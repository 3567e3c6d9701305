"""What is held out is kept apart: disjoint, complete, the same every time, and no question stands on both sides."""

import hashlib

import hypothesis.strategies as st
from hypothesis import given

from luthier.data.splits import Split, question_hash, shared_questions
from luthier.domain.datasets import Example, Message, Role
from luthier.services.sides import automatic_sides

words = st.sampled_from(["two pegs", "Two  pegs", "a tin of varnish", "sandpaper", "glue", "strings", "a bridge"])
WOODS = ("spruce", "maple", "ebony", "willow", "walnut", "pear", "cherry", "birch", "cedar", "larch", "alder", "beech")


def _example(row: int, question: str, answer: str) -> Example:
    return Example(row, messages=(Message(Role.USER, question), Message(Role.ASSISTANT, answer)))


@st.composite
def examples(draw: st.DrawFn) -> list[Example]:
    pairs = draw(st.lists(st.tuples(st.one_of(words, st.text(max_size=12)), words), min_size=1, max_size=40))
    return [_example(row, question, answer) for row, (question, answer) in enumerate(pairs, 1)]


def question(number: int) -> str:
    """Long, and unlike every other."""
    return ", ".join(f"{wood} {hashlib.blake2b(f'{wood}{number}'.encode()).hexdigest()[:12]}" for wood in WOODS)


# Each question is told in several ways that differ in their last word.
retold = st.lists(st.lists(st.sampled_from(["please", "thanks", "!", "by May"]), min_size=1, max_size=3), max_size=9)


shares = st.floats(0, 0.5)


def split(items: list[Example], share: float) -> Split:
    return automatic_sides(items, share).split


def rows(items: list[Example]) -> set[int]:
    return {example.row for example in items}


@given(items=examples(), share=shares)
def test_a_split_is_disjoint_and_complete(items: list[Example], share: float) -> None:
    parts = split(items, share)
    assert sorted(example.row for example in (*parts.train, *parts.held_out)) == [example.row for example in items]
    assert parts.train and len(parts.held_out) <= round(share * len(items))


@given(items=examples(), share=shares)
def test_no_question_is_both_trained_on_and_held_out(items: list[Example], share: float) -> None:
    parts = split(items, share)
    assert shared_questions(parts.train, parts.held_out) == []


@given(told=retold, share=st.floats(0.1, 0.5))
def test_no_question_is_held_out_while_another_way_to_ask_it_is_trained_on(told: list[list[str]], share: float) -> None:
    asked = [(number, f"{question(number)} {way}") for number, ways in enumerate(told) for way in ways]
    sides = automatic_sides([_example(row, text, "yes") for row, (_, text) in enumerate(asked)], share)
    trained, held_out = ({asked[row][0] for row in rows(side)} for side in (sides.split.train, sides.split.held_out))
    if len(told) > 1 and min(map(len, told)) <= round(share * len(asked)):  # else no whole group fits, and it is said
        assert held_out and trained.isdisjoint(held_out) and not sides.findings


@given(items=examples(), share=shares, data=st.data())
def test_the_order_of_a_file_does_not_decide_what_is_held_out(
    items: list[Example], share: float, data: st.DataObject
) -> None:
    shuffled = data.draw(st.permutations(items))
    assert rows(split(items, share).held_out) == rows(split(shuffled, share).held_out)


@given(question=words, first=words, second=words)
def test_an_answer_does_not_make_a_question_another_one(question: str, first: str, second: str) -> None:
    assert question_hash(_example(1, question, first)) == question_hash(_example(2, f"  {question.upper()}", second))
