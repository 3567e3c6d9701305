"""Suites, their cases, and evaluations of them."""

from typing import Any

from luthier.domain.background import WorkState
from luthier.domain.chat import ChatMessage
from luthier.domain.evaluations import CaseOutcome, Evaluation, EvaluationRequest
from luthier.domain.suites import Case, Scoring, Suite
from luthier.evaluation.figures import category_figures, figures_of
from luthier.kit.ids import new_id
from tests.builders.moments import a_moment


def a_case(case_id: str = "1", prompt: str = "2 + 2?", **changes: Any) -> Case:
    values: dict[str, Any] = {
        "case_id": case_id,
        "messages": (ChatMessage(role="user", content=prompt),),
        "expected": "4",
        "scoring": (Scoring(name="contains"),),
    }
    return Case(**(values | changes))


def a_suite(*cases: Case, **changes: Any) -> Suite:
    return Suite(name="sums", about="Sums.", cases=cases or (a_case("1"), a_case("2", "1 + 3?")), **changes)


def an_outcome(case_id: str = "1", score: float = 1.0, against: float | None = None, **changes: Any) -> CaseOutcome:
    values: dict[str, Any] = {
        "case_id": case_id,
        "category": "numbers",
        "question": f"What is the sum of {case_id} and 3?",
        "expected": "4",
        "answer": f"It is 4, says the target of {case_id}.",
        "scores": {"contains": score},
        "against": None if against is None else "It is five, says the other.",
        "against_scores": {} if against is None else {"contains": against},
    }
    return CaseOutcome(**(values | changes))


def an_evaluation_of(outcomes: tuple[CaseOutcome, ...], **changes: Any) -> Evaluation:
    values: dict[str, Any] = {
        "evaluation_id": new_id("eval"),
        "request": EvaluationRequest(target="orders", suite="sums", against="starter"),
        "target": "orders@0.1.0",
        "against": "starter" if outcomes[0].against is not None else None,
        "target_version": "ver_1",
        "against_version": None,
        "suite": "sums",
        "suite_sha256": "ab" * 32,
        "state": WorkState.DONE,
        "begun_at": a_moment(),
        "cases": len(outcomes),
        "figures": figures_of(outcomes),
        "categories": category_figures(outcomes),
        "seconds": 12.0,
    }
    return Evaluation(**(values | changes))
