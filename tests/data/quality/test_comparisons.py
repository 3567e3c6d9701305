"""Copies, contradictions, leakage and unusual lengths: planted among clean examples, found, and nothing else."""

from dataclasses import replace

from luthier.domain.datasets import Example
from tests.data.builders import a_chat
from tests.data.quality.planted import Speaker, assessed, changed, clean, codes_of, partners_of


def test_of_equal_examples_all_but_one_are_exact_duplicates() -> None:
    examples = clean(60)
    examples += [replace(examples[4], row=61), replace(examples[4], row=62), replace(examples[9], row=63)]
    found = assessed(examples)
    assert codes_of(found) == {row: {"duplicate.exact"} for row in (61, 62, 63)}
    assert partners_of(found, "duplicate.exact") == {61: 5, 62: 5, 63: 10}


def test_of_nearly_equal_examples_one_stays_without_doubt() -> None:
    examples = clean(60)
    examples.append(replace(changed(examples[4], answer=lambda text: text + " Indeed."), row=61))
    found = assessed(examples)
    near = partners_of(found, "duplicate.near")
    assert near in ({5: 61}, {61: 5})
    assert codes_of(found) == {
        next(iter(near)): {"duplicate.near", "answer.contradicted"},
        next(iter(near.values())): {"answer.contradicted"},
    }


def test_a_system_message_that_all_have_makes_them_no_duplicates() -> None:
    speaker = Speaker(2)
    system = speaker.text(9)
    examples = [a_chat(speaker.sentence(6), speaker.sentence(6), system=system, row=row) for row in range(1, 13)]
    assert codes_of(assessed(examples)) == {}


def test_a_question_with_two_answers_puts_both_in_doubt_each_beside_the_other() -> None:
    examples = clean(60)
    other = Speaker(9).text()
    examples.append(replace(changed(examples[4], question=str.upper, answer=lambda _: other), row=61))
    found = assessed(examples)
    assert codes_of(found) == {5: {"answer.contradicted"}, 61: {"answer.contradicted"}}
    assert partners_of(found, "answer.contradicted") == {5: 61, 61: 5}


def test_the_same_answer_given_twice_is_no_contradiction() -> None:
    examples = clean(40)
    examples.append(replace(examples[4], row=41))
    assert "answer.contradicted" not in {code for codes in codes_of(assessed(examples)).values() for code in codes}


def test_a_question_of_the_other_set_is_a_leak_and_so_is_one_that_is_nearly_the_same() -> None:
    speaker = Speaker(3)
    other = [replace(speaker.chat(row), row=row) for row in range(100, 140)]
    examples = clean(60)
    question = other[3].messages[0].content
    longer = f"{other[7].messages[0].content} {speaker.word()}"
    examples.append(
        replace(changed(examples[0], question=lambda _: question.upper(), answer=lambda _: speaker.text()), row=61)
    )
    examples.append(replace(changed(examples[0], question=lambda _: longer, answer=lambda _: speaker.text()), row=62))
    found = assessed(examples, other)
    assert codes_of(found) == {61: {"leak.exact"}, 62: {"leak.near"}}
    assert partners_of(found, "leak.exact") | partners_of(found, "leak.near") == {61: 103, 62: 107}


def test_without_another_set_nothing_leaks_and_an_empty_one_leaks_nothing() -> None:
    assert codes_of(assessed(clean(40))) == {}
    assert codes_of(assessed(clean(40), [])) == {}


def test_an_example_far_longer_than_the_others_is_doubted() -> None:
    speaker = Speaker(5)
    examples = clean(60)
    examples.append(
        replace(changed(examples[0], question=lambda _: speaker.sentence(), answer=lambda _: speaker.text(400)), row=61)
    )
    assert codes_of(assessed(examples)) == {61: {"length.outlier"}}


def test_texts_of_one_length_have_no_outliers() -> None:
    assert codes_of(assessed([Example(row, text=f"{row:04d} {row * 7919:09d}") for row in range(1, 60)])) == {}


def test_no_examples_are_no_obstacle() -> None:
    assert len(assessed([]).scored.scores) == 0
