import pytest

from luthier.domain.evaluations import AnswerSheet, JudgedPair, RawAnswer
from luthier.domain.recipes import Scorer
from luthier.evaluation import score


def a_sheet(pairs: list[tuple[bool, bool]], scorer: Scorer = "exact") -> AnswerSheet:
    """One answer per (base right, tuned right)."""
    answers = tuple(
        RawAnswer(row=row, prompt="?", expected="yes", base="yes" if base else "no", tuned="yes" if tuned else "no")
        for row, (base, tuned) in enumerate(pairs, start=1)
    )
    return AnswerSheet(scorer=scorer, base_loss=2.0, tuned_loss=0.5, answers=answers, seconds=3.0)


def test_each_answer_is_marked_right_or_wrong_for_both_models() -> None:
    report = score(a_sheet([(False, True), (True, False)]))
    assert [(answer.base_right, answer.tuned_right) for answer in report.answers] == [(False, True), (True, False)]


def test_pairs_are_compared_by_which_answer_is_likelier_and_answers_are_left_unscored() -> None:
    pairs = tuple(JudgedPair(row=row, base=-0.2, tuned=0.1 * (row - 2)) for row in range(1, 9))
    report = score(a_sheet([(True, True)], scorer="preference").model_copy(update={"pairs": pairs}))
    assert report.comparison is not None
    assert (report.comparison.base.right, report.comparison.tuned.right, report.comparison.tuned.total) == (0, 6, 8)
    assert report.comparison.better
    assert report.answers[0].tuned_right is None


def test_shares_and_their_difference_are_of_the_same_examples() -> None:
    comparison = score(
        a_sheet([(True, True)] * 2 + [(False, True)] * 5 + [(True, False)] + [(False, False)] * 2)
    ).comparison
    assert comparison is not None
    assert (comparison.base.right, comparison.tuned.right, comparison.tuned.total) == (3, 7, 10)
    assert comparison.difference == pytest.approx(0.4)
    assert comparison.difference_interval.low < 0.4 < comparison.difference_interval.high


def test_better_is_only_said_when_chance_is_excluded() -> None:
    barely = score(a_sheet([(False, True)] * 2 + [(False, False)] * 8)).comparison
    clearly = score(a_sheet([(False, True)] * 9 + [(False, False)])).comparison
    assert barely is not None
    assert clearly is not None
    assert (barely.better, clearly.better) == (False, True)


def test_a_model_that_became_worse_is_never_called_better() -> None:
    comparison = score(a_sheet([(True, False)] * 30)).comparison
    assert comparison is not None
    assert comparison.difference == -1.0
    assert not comparison.better


def test_losses_stand_alone_when_nothing_is_scored_or_answered() -> None:
    for sheet in (a_sheet([(False, True)], scorer="off"), a_sheet([])):
        report = score(sheet)
        assert report.comparison is None
        assert (report.base_loss, report.tuned_loss) == (2.0, 0.5)
    assert score(a_sheet([(True, True)], scorer="off")).answers[0].tuned_right is None
