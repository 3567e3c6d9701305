"""How an evaluation is made: every case asked of one model or of two, scored, compared, and kept."""

import time
from pathlib import Path
from typing import Any

from luthier.domain.background import WorkState
from luthier.domain.checkpoint_names import checkpoint_named
from luthier.domain.evaluations import CaseOutcome, Evaluation, EvaluationRequest, NoJudge
from luthier.domain.exports import ExportNotFound
from luthier.domain.runs import Run, RunNotFound
from luthier.domain.suites import NothingHeldOut, ScorerUnfit, Suite
from luthier.domain.versions import Version, VersionNotFound
from luthier.evaluation.figures import category_figures, figures_of
from luthier.evaluation.harness_samples import digest_of
from luthier.kit.clock import Clock
from luthier.kit.files import read_json
from luthier.kit.frozen import Frozen
from luthier.services.background import OnProgress
from luthier.services.evaluation_asking import Asking, Endpoint, Models, Remembered, Steps
from luthier.services.evaluation_cases import outcomes_of_cases
from luthier.services.evaluation_deepeval import DeepEvalScoring
from luthier.services.evaluation_harness import HarnessEvaluating, is_of_harness
from luthier.services.suites import FEW_CASES, HELD_OUT, Suites
from luthier.store import Store

ANSWERS = "answers.jsonl"  # in the folder of the work: what was answered, so that none is asked for twice
_SUITE_WITHOUT_RUN = "instructions"


class Asked(Frozen):
    """work.json: all that the making needs, so that it can go on when suites and names have changed meanwhile."""

    request: EvaluationRequest
    suite: Suite
    target: str
    against: str | None
    target_version: str | None
    against_version: str | None

    def references(self) -> dict[str, str]:
        """By which those who are asked are found: versions by their label, as a slot may serve another one by now."""
        target = self.target if self.target_version else self.request.target
        if self.request.against is None or self.against is None:
            return {"target": target}
        return {"target": target, "against": self.against if self.against_version else self.request.against}

    def as_evaluation(self, **more: Any) -> Evaluation:
        """Not done yet."""
        own = self.model_dump(exclude={"suite", "request"})
        return Evaluation(
            **own, request=self.request, suite=self.suite.name, suite_sha256=self.suite.sha256,
            cases=len(self.suite.cases), **more,
        )  # fmt: skip


class EvaluationMaking:
    def __init__(
        self,
        store: Store,
        suites: Suites,
        models: Models,
        endpoint: Endpoint | None,
        harness: HarnessEvaluating,
        deepeval: DeepEvalScoring,
        clock: Clock,
    ) -> None:
        self._store = store
        self._suites = suites
        self._models = models
        self._endpoint = endpoint
        self._harness = harness
        self._deepeval = deepeval
        self._clock = clock

    def check(self, target: str, suite: str | None, request: dict[str, Any]) -> Asked:
        """What is to be asked. Raises at once what a wrong name, a suite, or a scorer without its judge raises."""
        against = request.get("against")
        target_version = self._version(target)
        against_version = self._version(against) if against else None
        named = self._suite_of(target, suite)
        wanted = EvaluationRequest(target=target, suite=named, **request)
        found = self._cases(target, named, wanted)
        self._deepeval.check(found)
        if wanted.judge is not None:
            self._models.resolve(wanted.judge)
        elif self._endpoint is None and {"judge", "pairwise", "deepeval"} & set(found.scorers):
            raise NoJudge
        if "pairwise" in found.scorers and against is None:
            raise ScorerUnfit(scorer="pairwise", reason="it compares two models, and only one is named")
        return Asked(
            request=wanted,
            suite=found,
            target=target_version.label if target_version else self._models.resolve(target).label,
            against=against_version.label
            if against_version
            else self._models.resolve(against).label
            if against
            else None,
            target_version=target_version.version_id if target_version else None,
            against_version=against_version.version_id if against_version else None,
        )

    def make(self, folder: Path, tell: OnProgress) -> dict[str, Any]:
        """In `folder`, which is named like the evaluation. Raises what models, judges and scorers raise.

        A process that was killed after it had kept the result leaves the folder as unfinished: nothing is left to do.
        """
        if self._is_kept(folder.name):
            return {"evaluation_id": folder.name}
        asked = Asked.model_validate(read_json(folder / "work.json")["asked"])
        begun = time.monotonic()
        outcomes = self._outcomes(asked, folder, tell)
        evaluation = asked.as_evaluation(
            evaluation_id=folder.name,
            state=WorkState.DONE,
            begun_at=read_json(folder / "work.json")["begun_at"],
            figures=figures_of(outcomes),
            categories=category_figures(outcomes),
            seconds=time.monotonic() - begun,
        )
        if asked.suite.origin == "harness":
            of_cases = {"cases": len(outcomes), "suite_sha256": digest_of(outcomes)}
            evaluation = evaluation.model_copy(update=of_cases)
        with self._store.writing() as tx:
            tx.evaluations.add(evaluation, outcomes)
            body = {"evaluation_id": folder.name, "target": asked.target, "suite": asked.suite.name}
            tx.events.append("evaluation.done", None, "user", body, self._clock.now())
        return {"evaluation_id": folder.name}

    def _outcomes(self, asked: Asked, folder: Path, tell: OnProgress) -> list[CaseOutcome]:
        kept, steps = Remembered(folder / ANSWERS, self._clock), Steps(tell)
        try:
            asking = Asking(self._models, self._endpoint, kept, attend=steps.attend)
            targets = {who: self._models.resolve(name) for who, name in asked.references().items()}
            if asked.suite.origin == "harness":
                most = asked.request.most_cases or FEW_CASES
                return self._harness.outcomes(asked.suite.name, most, targets, asking, steps)
            return outcomes_of_cases(asked.suite, targets, asked.request.judge, asking, steps, self._deepeval)
        finally:
            kept.close()

    def _is_kept(self, evaluation_id: str) -> bool:
        with self._store.reading() as tx:
            return tx.evaluations.get(evaluation_id) is not None

    def _suite_of(self, target: str, suite: str | None) -> str:
        """What is asked when nobody says: the examples that its run kept from training, where there are some."""
        if suite is not None:
            return suite
        run = self._run(target)
        return HELD_OUT if run is not None and run.plan.held_out else _SUITE_WITHOUT_RUN

    def _cases(self, target: str, suite: str, request: EvaluationRequest) -> Suite:
        if is_of_harness(suite):
            return self._harness.suite(suite, request)
        if suite == HELD_OUT:
            run = self._run(target) or (self._run(request.against) if request.against else None)
            if run is None:
                raise NothingHeldOut(target=target)
            found = self._suites.held_out(run.run_id, run.name, request.scorers)
        else:
            found = self._suites.get(suite, request.scorers)
        most = request.most_cases or (FEW_CASES if found.origin in ("dataset", "held-out") else len(found.cases))
        return found.cut(most)

    def _version(self, reference: str) -> Version | None:
        try:
            with self._store.reading() as tx:
                return tx.versions.find(reference)
        except VersionNotFound:
            return None

    def _exported(self, reference: str) -> Version | None:
        try:
            with self._store.reading() as tx:
                return tx.versions.get(tx.exports.find(reference).version_id)
        except ExportNotFound:
            return None

    def _run(self, reference: str) -> Run | None:
        """The one of that name, or the one that made the version, the export or the checkpoint."""
        version = self._version(reference) or self._exported(reference)
        checkpoint = checkpoint_named(reference)
        name = version.run_id if version else checkpoint.run if checkpoint else reference
        try:
            with self._store.reading() as tx:
                return tx.runs.find(name)
        except RunNotFound:
            return None
