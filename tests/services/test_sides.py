"""The held-out side proves something only when none of its questions, in whatever words, was trained on."""

from luthier.data.splits import shared_questions
from luthier.services.sides import FEWEST_TO_SPLIT, MOST_HELD_OUT, automatic_sides
from tests.data.builders import a_chat

WOODS = ("spruce", "maple", "ebony", "willow", "walnut", "pear", "cherry", "birch", "cedar", "larch", "alder", "beech")


def question(number: int) -> str:
    """Each unlike every other."""
    return " ".join(f"{wood}{number * 31 + at * 17}" for at, wood in enumerate(WOODS))


def test_a_tenth_is_held_out_and_of_a_few_nothing() -> None:
    few = [a_chat(question(row), "a", row=row) for row in range(FEWEST_TO_SPLIT - 1)]
    assert automatic_sides(few).split.held_out == []
    enough = [a_chat(question(row), "a", row=row) for row in range(200)]
    assert (len(automatic_sides(enough).split.held_out), automatic_sides(enough).findings) == (20, ())


def test_the_number_held_out_is_limited() -> None:
    many = [a_chat(question(row), "a", row=row) for row in range(MOST_HELD_OUT * 4)]
    assert len(automatic_sides(many, 0.5).split.held_out) == MOST_HELD_OUT


def test_most_of_the_examples_stay_where_they_were_when_some_are_added() -> None:
    examples = [a_chat(question(row), "a", row=row) for row in range(400)]
    before = {each.row for each in automatic_sides(examples[:300]).split.held_out}
    after = {each.row for each in automatic_sides(examples).split.held_out}
    assert len(before & after) >= 20


def test_questions_that_are_all_alike_are_still_held_out_and_it_is_said() -> None:
    """Each is one word away from the next, so that keeping them together would keep all of them on one side."""
    alike = [a_chat(f"{question(0)} {WOODS[row % 12]} {row}", "a", row=row) for row in range(14)]
    alike += [a_chat(f"{question(0)} {WOODS[0]} 0", "b", row=14)]
    sides = automatic_sides(alike, 0.2)
    assert [finding.code for finding in sides.findings] == ["plan.split_of_alike"]
    assert 0 < len(sides.split.held_out) <= 3
    assert shared_questions(sides.split.train, sides.split.held_out) == []


def test_data_too_large_to_compare_keeps_equal_questions_together_and_says_so() -> None:
    shared = a_chat(question(1), "a")
    many = [shared] * 500_001
    sides = automatic_sides(many)
    assert [finding.code for finding in sides.findings] == ["plan.split_by_equality"]
    assert sides.split.held_out == []  # one question has one side
