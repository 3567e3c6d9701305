"""Evaluations and what they are made of."""

from typing import Any

from luthier.domain.evaluations import Answer, AnswerSheet, Comparison, EvaluationReport, Interval, Rate, RawAnswer


def a_rate(right: int, total: int) -> Rate:
    share = right / total
    return Rate(
        right=right,
        total=total,
        share=share,
        interval=Interval(low=max(0.0, share - 0.06), high=min(1.0, share + 0.06)),
    )


def an_answer(row: int, **changes: Any) -> Answer:
    expected = f'{{"customer":"A. Customer","items":[{{"name":"ebony peg","quantity":{row},"unit":"piece"}}]}}'
    values: dict[str, Any] = {
        "row": row,
        "prompt": f"Could I get {row} ebony pegs by the 3rd of May 2027? Thanks, A. Customer",
        "expected": expected,
        "base": "Sure! I would be happy to help you with your order of ebony pegs.",
        "tuned": expected,
        "base_right": False,
        "tuned_right": True,
    }
    return Answer(**(values | changes))


def an_evaluation(base: int = 3, tuned: int = 57, total: int = 60, **changes: Any) -> EvaluationReport:
    difference = (tuned - base) / total
    values: dict[str, Any] = {
        "scorer": "json",
        "base_loss": 2.3127,
        "tuned_loss": 0.0184,
        "comparison": Comparison(
            base=a_rate(base, total),
            tuned=a_rate(tuned, total),
            difference=difference,
            difference_interval=Interval(low=difference - 0.07, high=difference + 0.05),
            better=difference > 0.1,
        ),
        "answers": tuple(an_answer(row, tuned_right=row <= tuned) for row in range(1, total + 1)),
        "seconds": 21.4,
    }
    return EvaluationReport(**(values | changes))


def an_answer_sheet() -> AnswerSheet:
    """As a worker leaves it, with one answer that became right."""
    answer = RawAnswer(row=1, prompt="2 x oak", expected='{"oak":2}', base="Sure!", tuned='{"oak":2}')
    return AnswerSheet(scorer="json", base_loss=2.3, tuned_loss=0.1, answers=(answer,), seconds=1.0)
