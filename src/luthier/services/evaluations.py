"""Evaluations: asked for, made in the background with progress and cancel, listed, voted on, removed."""

import shutil
from collections.abc import Sequence
from typing import Any

from luthier.domain.background import WorkState
from luthier.domain.evaluations import (
    CaseOutcome,
    Evaluation,
    EvaluationBusy,
    EvaluationDone,
)
from luthier.kit.clock import Clock
from luthier.services.background import Background, OnProgress
from luthier.services.evaluation_making import ANSWERS, Asked, EvaluationMaking
from luthier.services.folders import Folders
from luthier.services.work_folders import Kept
from luthier.store import Store

AT_ONCE = 1  # they would only take turns at the models


class Evaluations:
    def __init__(self, store: Store, folders: Folders, making: EvaluationMaking, clock: Clock) -> None:
        self._store = store
        self._folders = folders
        self._making = making
        self._background = Background(folders.evaluation_work, "eval", clock, AT_ONCE, kept_when_failed=(ANSWERS,))

    def run(self, target: str, suite: str | None = None, **request: Any) -> Evaluation:
        """Begins it and returns at once. `request` takes the other fields of EvaluationRequest.

        Raises what a wrong name raises, SuiteInvalid, ScorerUnfit and NoJudge.
        """
        asked = self._making.check(target, suite, request).model_dump(mode="json")
        return self.get(self._background.begin(asked, self._making.make))

    def run_here(self, target: str, suite: str | None, on_progress: OnProgress, **request: Any) -> Evaluation:
        """Makes it in this thread, going on with one that was left unfinished or failed. What `on_progress` raises
        leaves it so: what was answered is not asked again when the same is asked for.
        """
        asked = self._making.check(target, suite, request).model_dump(mode="json")
        result = self._background.run_here(asked, self._making.make, on_progress)
        return self.get(result["evaluation_id"])

    def get(self, reference: str) -> Evaluation:
        """By id, or the beginning of one. Raises EvaluationNotFound."""
        found = [each for each in self._unfinished() if _begins(each.evaluation_id, reference)]
        if len(found) == 1:
            return found[0]
        with self._store.reading() as tx:
            return tx.evaluations.find(reference)

    def outcomes(self, reference: str) -> tuple[CaseOutcome, ...]:
        """What came of each case, in the suite's order. Raises EvaluationNotFound; none before it is done."""
        evaluation = self.get(reference)
        if evaluation.state is not WorkState.DONE:
            return ()
        with self._store.reading() as tx:
            return tx.evaluations.outcomes(evaluation.evaluation_id)

    def list(self, suite: str | None = None, version_id: str | None = None) -> "list[Evaluation]":
        """Newest first: what is being made or was not made, and then what was."""
        with self._store.reading() as tx:
            done = tx.evaluations.list(suite, version_id)
        open_ones = [
            each
            for each in self._unfinished()
            if suite in (None, each.suite) and version_id in (None, each.target_version)
        ]
        return [*open_ones, *done]

    def cancel(self, reference: str) -> Evaluation:
        """Its answers are forgotten. What is done stays."""
        evaluation = self.get(reference)
        if evaluation.state is WorkState.DONE:
            return evaluation
        self._background.cancel(evaluation.evaluation_id)
        return self.get(evaluation.evaluation_id)

    def begin_again(self, reference: str) -> Evaluation:
        """Goes on where its process ended or it failed; what was called off begins anew. Raises EvaluationDone."""
        evaluation = self.get(reference)
        if evaluation.state is WorkState.DONE:
            raise EvaluationDone(target=evaluation.target, evaluation=evaluation.evaluation_id)
        if not evaluation.state.is_open:
            self._background.begin_again(evaluation.evaluation_id, self._making.make)
        return self.get(evaluation.evaluation_id)

    def begin_again_here(self, reference: str, on_progress: OnProgress) -> Evaluation:
        """As `begin_again`, in this thread. Raises EvaluationDone, and EvaluationBusy when somebody is at it."""
        evaluation = self.get(reference)
        if evaluation.state is WorkState.DONE:
            raise EvaluationDone(target=evaluation.target, evaluation=evaluation.evaluation_id)
        if evaluation.state.is_open:
            raise EvaluationBusy(target=evaluation.target, evaluation=evaluation.evaluation_id)
        asked = self._background.get(evaluation.evaluation_id).asked
        result = self._background.run_here(asked, self._making.make, on_progress)
        return self.get(result["evaluation_id"])

    def remove(self, reference: str) -> Evaluation:
        """With its answers and votes. Raises EvaluationBusy."""
        evaluation = self.get(reference)
        if evaluation.state.is_open:
            raise EvaluationBusy(target=evaluation.target, evaluation=evaluation.evaluation_id)
        with self._store.writing() as tx:
            tx.evaluations.remove(evaluation.evaluation_id)
        shutil.rmtree(self._folders.evaluation_work / evaluation.evaluation_id, ignore_errors=True)
        return evaluation

    def close(self) -> None:
        """What is not done is unfinished from now on."""
        self._background.close()

    def _unfinished(self) -> Sequence[Evaluation]:
        """A process that was killed between the keeping of the result and the end of the work left both."""
        folders = [each for each in self._background.list() if each.outcome.state is not WorkState.DONE]
        with self._store.reading() as tx:
            return [_evaluation_of(each) for each in folders if tx.evaluations.get(each.work_id) is None]


def _evaluation_of(kept: Kept) -> Evaluation:
    return Asked.model_validate(kept.asked).as_evaluation(
        evaluation_id=kept.work_id,
        state=kept.outcome.state,
        begun_at=kept.begun_at,
        progress=kept.progress,
        problem=kept.outcome.problem,
    )


def _begins(evaluation_id: str, reference: str) -> bool:
    beginning = reference.lower().removeprefix("eval_")
    return bool(beginning) and evaluation_id.removeprefix("eval_").startswith(beginning)
