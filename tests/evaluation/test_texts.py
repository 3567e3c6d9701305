"""BLEU, chrF and ROUGE-L are what their reference programs say they are."""

import pytest
import sacrebleu
from hypothesis import given
from hypothesis import strategies as st
from rouge_score.rouge_scorer import RougeScorer

from luthier.evaluation.texts import bleu, chrf, rouge_l, unrepeated

PAIRS = [
    ("The cat sat on the mat.", "The cat sat on the mat."),
    ("The cat sat on the mat.", "A cat was sitting on a mat, I think."),
    ("Order 12 oak boards; ship to A. Customer by 2027-05-03.", "order 12 boards of oak, ship by 2027-05-03"),
    ("short", "a much longer answer than was expected here"),
    ("one two three four five six", "six five four three two one"),
    ("It costs $3.50 &amp; more", "It costs $3.50 & more"),
]
ROUGE = RougeScorer(["rougeL"])
WORDS = st.lists(
    st.sampled_from(["the", "a", "cat", "sat", "on", "mat,", "runs.", "12", "oak-board"]), min_size=1, max_size=14
)


@pytest.mark.parametrize(("expected", "answer"), PAIRS)
def test_scores_equal_those_of_the_reference_programs(expected: str, answer: str) -> None:
    assert_as_reference(expected, answer)


@given(WORDS, WORDS)
def test_scores_equal_them_for_any_words(wanted: list[str], said: list[str]) -> None:
    assert_as_reference(" ".join(wanted), " ".join(said))


def assert_as_reference(expected: str, answer: str) -> None:
    assert 100 * bleu(expected, answer) == pytest.approx(sacrebleu.sentence_bleu(answer, [expected]).score, abs=1e-6)
    assert 100 * chrf(expected, answer) == pytest.approx(sacrebleu.sentence_chrf(answer, [expected]).score, abs=1e-6)
    assert rouge_l(expected, answer) == pytest.approx(ROUGE.score(expected, answer)["rougeL"].fmeasure)


@pytest.mark.parametrize("score", [bleu, chrf, rouge_l])
def test_nothing_said_is_worth_nothing(score: object) -> None:
    assert score("expected words", "") == 0.0  # type: ignore[operator]


def test_going_round_in_circles_is_noticed() -> None:
    assert unrepeated("the moon turns once for every time it goes round the earth") == 1.0
    assert unrepeated("and then we went home " * 10) < 0.2
    assert unrepeated("") == 0.0
