"""The quality report says what was measured, adds up as its formula says, and suggests what the figures call for."""

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from luthier.domain.evaluations import EvaluationReport, ProbeLoss
from luthier.evaluation.facts import quality_facts
from luthier.evaluation.quality import Training, quality_report
from luthier.evaluation.quality_html import quality_html
from tests.builders.evaluations import an_answer, an_evaluation


def training(**changes: object) -> Training:
    values = {
        "run": "orders",
        "base": "starter",
        "held_out": 60,
        "epochs": 2.0,
        "learning_rate": 1e-3,
        "steps": 40,
        "held_out_losses": {0: 2.31, 20: 0.02, 40: 0.0184},
        "last_losses": (0.02, 0.02),
    }
    return Training(**(values | changes))  # type: ignore[arg-type]


def nothing_measured() -> EvaluationReport:
    return an_evaluation(base_loss=None, tuned_loss=None, comparison=None, answers=(), scorer="off")


def test_the_formula_gives_the_score() -> None:
    report = quality_report(an_evaluation(probe=ProbeLoss(base=2.0, tuned=2.1, texts=16, tokens=200)), training())
    terms = re.findall(r"([\d.]+) × ([\d.]+)", report.formula)
    total = sum(float(weight) * float(value) for weight, value in terms)
    assert len(terms) == 3
    assert report.score == pytest.approx(100 * total, abs=0.6)
    assert report.formula.endswith(f"= {report.score}")
    memory = next(part.value for part in report.parts if part.name == "memory")
    assert memory == pytest.approx(math.exp(-0.1))


def test_a_run_without_held_out_rows_says_what_could_not_be_measured() -> None:
    report = quality_report(nothing_measured(), training(held_out=0, held_out_losses={}))
    assert (report.score, report.task_scores) == (None, ())
    assert any("no example was held out" in sentence for sentence in report.not_measured)
    assert "nothing_held_out" in {each.code for each in report.suggestions}


def test_what_was_kept_is_no_score_alone() -> None:
    kept = nothing_measured().model_copy(update={"probe": ProbeLoss(base=2.0, tuned=2.0, texts=16, tokens=200)})
    report = quality_report(kept, training(held_out=0, held_out_losses={}))
    assert report.score is None and "no score" in report.formula


@pytest.mark.parametrize(
    ("code", "report", "course"),
    [
        ("forgot", an_evaluation(probe=ProbeLoss(base=2.0, tuned=2.6, texts=16, tokens=200)), training()),
        ("overfitted", an_evaluation(tuned_loss=0.5), training(held_out_losses={0: 2.0, 20: 0.3, 40: 0.5})),
        ("memorised", an_evaluation(tuned_loss=1.5), training(last_losses=(0.2,))),
        ("loss_rose", an_evaluation(base_loss=1.0, tuned_loss=1.2), training()),
        ("few_held_out", an_evaluation(base=3, tuned=5, total=15, comparison=None), training()),
        ("cut_off", an_evaluation(answers=(an_answer(1, tuned="la " * 300),)), training()),
        ("not_scored", an_evaluation(comparison=None), training()),
    ],
)
def test_what_was_seen_calls_for_its_suggestion(code: str, report: EvaluationReport, course: Training) -> None:
    if code == "few_held_out":
        report = an_evaluation(base=3, tuned=5, total=15)
        comparison = report.comparison
        assert comparison is not None
        open_interval = comparison.difference_interval.model_copy(update={"low": -0.1})
        report = report.model_copy(
            update={"comparison": comparison.model_copy(update={"difference_interval": open_interval})}
        )
    assert code in {each.code for each in quality_report(report, course).suggestions}


def test_a_good_run_is_left_alone() -> None:
    good = an_evaluation(probe=ProbeLoss(base=2.0, tuned=2.0, texts=16, tokens=200))
    assert quality_report(good, training()).suggestions == ()


LOSSES = st.none() | st.floats(0, 30)


@given(LOSSES, LOSSES, st.none() | st.floats(0, 30), st.integers(0, 100), st.booleans())
def test_completion_always_yields_a_report(  # law 13
    base: float | None, tuned: float | None, forgotten: float | None, held_out: int, answered: bool
) -> None:
    report = an_evaluation(
        base_loss=base,
        tuned_loss=tuned,
        probe=None if forgotten is None else ProbeLoss(base=2.0, tuned=forgotten, texts=16, tokens=200),
        **({} if answered else {"comparison": None, "answers": ()}),
    )
    made = quality_report(report, training(held_out=held_out))
    assert made.score is None or 0 <= made.score <= 100
    assert made.formula
    assert "<html" in quality_html(made)


def test_every_rule_speaks_of_facts_that_there_are() -> None:
    for rule in quality_facts().suggestions:
        assert rule.source
        assert rule.when


def test_the_page_stands_alone_and_answers_cannot_write_into_it() -> None:
    hostile = an_answer(1, prompt="<script>alert(1)</script>", tuned="<img src=x onerror=alert(1)>")
    page = quality_html(quality_report(an_evaluation(answers=(hostile,)), training()))
    assert "<script" not in page
    assert "<img" not in page
    assert not re.search(r"<[^>]*\b(src|href)=|url\(|@import", page)
