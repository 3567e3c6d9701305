"""Blind votes: a person sees two answers, in an order that a seed decides, and says which one is better."""

import hashlib

from luthier.domain.background import WorkState
from luthier.domain.evaluations import (
    BlindPair,
    BlindResult,
    CaseNotFound,
    CaseOutcome,
    Choice,
    Evaluation,
    EvaluationBusy,
    NothingToVoteOn,
    Place,
)
from luthier.evaluation.figures import blind_result
from luthier.services.evaluations import Evaluations
from luthier.store import Store


class BlindVotes:
    def __init__(self, store: Store, evaluations: Evaluations) -> None:
        self._store = store
        self._evaluations = evaluations

    def next_pair(self, reference: str) -> BlindPair | None:
        """One that nobody has voted on, or None. Same answers are a tie and are not shown.

        Raises EvaluationNotFound, EvaluationBusy, NothingToVoteOn.
        """
        evaluation, outcomes = self._pairs(reference)
        votes = self._votes(evaluation)
        for outcome in outcomes:
            if outcome.case_id not in votes:
                first, second = _shown(evaluation, outcome)
                return BlindPair(
                    case_id=outcome.case_id,
                    question=outcome.question,
                    first=first,
                    second=second,
                    voted=len(votes.keys() & {each.case_id for each in outcomes}),
                    pairs=len(outcomes),
                )
        return None

    def vote(self, reference: str, case_id: str, place: Place) -> BlindResult:
        """Takes the place of an earlier vote. Raises CaseNotFound, and what `next_pair` raises."""
        evaluation, outcomes = self._pairs(reference)
        if case_id not in {outcome.case_id for outcome in outcomes}:
            raise CaseNotFound(case=case_id, evaluation=evaluation.evaluation_id)
        with self._store.writing() as tx:
            tx.evaluations.vote(evaluation.evaluation_id, case_id, _choice(evaluation, case_id, place))
        return self.result(reference)

    def result(self, reference: str) -> BlindResult:
        evaluation, _ = self._pairs(reference)
        choices = list(self._votes(evaluation).values())
        return blind_result(*(choices.count(choice) for choice in ("target", "against", "tie")))

    def _pairs(self, reference: str) -> tuple[Evaluation, list[CaseOutcome]]:
        evaluation = self._evaluations.get(reference)
        if evaluation.against is None:
            raise NothingToVoteOn(target=evaluation.target, suite=evaluation.suite)
        if evaluation.state is not WorkState.DONE:
            raise EvaluationBusy(target=evaluation.target, evaluation=evaluation.evaluation_id)
        outcomes = self._evaluations.outcomes(evaluation.evaluation_id)
        return evaluation, [each for each in outcomes if each.answer.strip() != (each.against or "").strip()]

    def _votes(self, evaluation: Evaluation) -> dict[str, Choice]:
        with self._store.reading() as tx:
            return tx.evaluations.votes(evaluation.evaluation_id)


def target_is_first(evaluation_id: str, case_id: str) -> bool:
    """As good as chance, and the same whenever the page is opened."""
    return hashlib.sha256(f"{evaluation_id}/{case_id}".encode()).digest()[0] % 2 == 0


def _shown(evaluation: Evaluation, outcome: CaseOutcome) -> tuple[str, str]:
    pair = (outcome.answer, outcome.against or "")
    return pair if target_is_first(evaluation.evaluation_id, outcome.case_id) else (pair[1], pair[0])


def _choice(evaluation: Evaluation, case_id: str, place: Place) -> Choice:
    if place == "tie":
        return "tie"
    return "target" if (place == "first") == target_is_first(evaluation.evaluation_id, case_id) else "against"
