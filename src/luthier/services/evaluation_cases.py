"""A suite asked case by case, of one model and then of the other, and both answers scored."""

from collections.abc import Mapping

from luthier.domain.chat import ChatTarget
from luthier.domain.evaluations import CaseOutcome
from luthier.domain.suites import Suite
from luthier.services.evaluation_asking import Asking, Steps
from luthier.services.evaluation_deepeval import DeepEvalScoring
from luthier.services.evaluation_scoring import Answers, CaseScoring


def outcomes_of_cases(
    suite: Suite,
    targets: Mapping[str, ChatTarget],
    judge: str | None,
    asking: Asking,
    steps: Steps,
    deepeval: DeepEvalScoring,
) -> list[CaseOutcome]:
    """All cases are asked of one model before the other is loaded. `targets` are "target" and maybe "against"."""
    total, done = len(suite.cases) * (len(targets) + 1), 0
    told: dict[str, dict[str, str]] = {}
    for who, target in targets.items():
        told[who] = {}
        for case in suite.cases:
            steps.step(f"asking {target.label}", done, total)
            told[who][case.case_id] = asking.answer(who, target, case, suite.max_new_tokens)
            done += 1
    marks = deepeval.scored(suite, told, judge, asking, steps)
    # Both answers are compared by the meanings of one model: the target's base.
    scoring = CaseScoring(asking, judge, targets["target"].model_copy(update={"adapter_folder": None}), marks)
    outcomes = []
    for at, case in enumerate(suite.cases):
        steps.step("scoring", done + at, total)
        answers = Answers(told["target"][case.case_id], told.get("against", {}).get(case.case_id))
        outcomes.append(scoring.outcome(case, answers))
    return outcomes
