"""Scores answers by DeepEval: it words questions to the judge and makes marks of the verdicts; our judge answers."""

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

from luthier.domain.chat import ChatMessage
from luthier.domain.suites import Case, ScorerUnfit, Suite
from luthier.evaluation.case_scores import Scored
from luthier.evaluation.facts import deepeval_metrics
from luthier.services.evaluation_asking import Asking, Steps
from luthier.services.folders import Folders
from luthier.services.guests import Guests

_VERDICT_TOKENS = 1024  # its verdicts are JSON with a reason


class DeepEvalScoring:
    def __init__(self, guests: Guests, folders: Folders) -> None:
        self._guests = guests
        self._folders = folders

    def check(self, suite: Suite) -> None:
        """Raises GuestMissing, and ScorerUnfit for a metric that lacks what it reads."""
        for case in suite.cases:
            for _, criterion in _criteria(case):
                self._guests.require("deepeval")
                metric = deepeval_metrics().get(criterion)
                if metric is not None and metric.needs_context and _context(case) is None:
                    reason = f"{criterion} holds answers to a system message, and case {case.case_id} has none"
                    raise ScorerUnfit(scorer="deepeval", reason=reason)

    def scored(
        self, suite: Suite, told: Mapping[str, Mapping[str, str]], judge: str | None, asking: Asking, steps: Steps
    ) -> dict[str, Scored]:
        """By `WHO/CASE/NUMBER OF THE SCORER`; none where none is asked for. Raises what guest and judge raise."""
        wanted = [
            _wanted(f"{who}/{case.case_id}/{number}", case, criterion, answers[case.case_id])
            for who, answers in told.items()
            for case in suite.cases
            for number, criterion in _criteria(case)
        ]
        if not wanted:
            return {}

        def answer(question: dict[str, Any]) -> dict[str, Any]:
            steps.step("scoring with DeepEval", question["at"], question["of"])
            prompt = question["prompt"]
            key = f"deepeval/{hashlib.sha256(prompt.encode()).hexdigest()}"
            asked = (ChatMessage(role="user", content=prompt),)
            return {"text": asking.judge(key, judge, asked, _VERDICT_TOKENS, json_only=question["is_json"])}

        log = self._folders.logs / "deepeval.log"
        log.parent.mkdir(exist_ok=True)
        steps.step("starting DeepEval", 0, len(wanted))
        marks = self._guests.converse("deepeval", {"answers": wanted}, log, answer, steps.attend)
        return {key: _scored(mark) for key, mark in marks.items()}


def _criteria(case: Case) -> Iterator[tuple[int, str]]:
    """The number of each scorer of DeepEval, and its metric or what is to be judged."""
    for number, scoring in enumerate(case.scoring):
        if scoring.name == "deepeval":
            yield number, str(scoring.argument)


def _wanted(key: str, case: Case, criterion: str, answer: str) -> dict[str, Any]:
    metric, context = deepeval_metrics().get(criterion), _context(case)
    return {
        "key": key,
        "metric": metric.class_name if metric else None,
        "criterion": criterion,
        "question": case.question,
        "answer": answer,
        "expected": case.expected,
        "context": [context] if context is not None else None,
    }


def _context(case: Case) -> str | None:
    first = case.messages[0] if case.messages else None
    return first.content if first is not None and first.role == "system" else None


def _scored(mark: Mapping[str, Any]) -> Scored:
    if mark["score"] is None:
        return Scored(0.0, f"there is no verdict: {mark['reason']}")
    return Scored(min(1.0, max(0.0, float(mark["score"]))), mark["reason"])
