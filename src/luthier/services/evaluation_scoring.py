"""What all scorers of a case make of its answers, those included that ask a model or run a program."""

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from luthier.domain.chat import ChatTarget
from luthier.domain.evaluations import CaseOutcome
from luthier.domain.suites import Case, ScorerName, ScorerUnfit, Scoring
from luthier.evaluation.case_scores import Scored, score_text
from luthier.evaluation.judging import (
    PREFERENCE,
    mark_of,
    mark_question,
    pair_question,
    preference_of,
    win_of,
)
from luthier.kit.sandbox import NotIsolated, run_apart
from luthier.services.evaluation_asking import Asking

_FENCED = re.compile(r"```[\w+-]*\n(.*?)```", re.DOTALL)
_LAST_WORDS = 300


class Answers(NamedTuple):
    own: str
    other: str | None


@dataclass(frozen=True)
class CaseScoring:
    asking: Asking
    judge: str | None
    meaning_of: ChatTarget  # whose embeddings compare texts
    marks: Mapping[str, Scored]  # of DeepEval, by who was asked, case, and number of the scorer

    def outcome(self, case: Case, answers: Answers) -> CaseOutcome:
        own, other = self._all(case, answers, "target"), self._all(case, answers, "against")
        return CaseOutcome(
            case_id=case.case_id,
            category=case.category,
            question=case.question,
            expected=case.expected,
            answer=answers.own,
            scores={name: scored.value for name, scored in own.items()},
            notes={name: scored.why for name, scored in own.items() if scored.why},
            against=answers.other,
            against_scores={name: scored.value for name, scored in other.items()},
            against_notes={name: scored.why for name, scored in other.items() if scored.why},
        )

    def _all(self, case: Case, answers: Answers, who: str) -> dict[ScorerName, Scored]:
        """A scorer that a case uses several times counts once, with its mean."""
        answer = answers.own if who == "target" else answers.other
        if answer is None:
            return {}
        given: dict[ScorerName, list[Scored]] = defaultdict(list)
        for number, scoring in enumerate(case.scoring):
            if scoring.name == "pairwise":
                if answers.other is not None:
                    wins = self._pairwise(case, scoring, (answers.own, answers.other), number)
                    given["pairwise"].append(Scored(wins if who == "target" else 1 - wins))
            else:
                given[scoring.name].append(self._one(case, scoring, answer, f"{who}/{case.case_id}/{number}"))
        return {
            name: Scored(
                sum(each.value for each in scored) / len(scored), "; ".join(each.why for each in scored if each.why)
            )
            for name, scored in given.items()
        }

    def _one(self, case: Case, scoring: Scoring, answer: str, key: str) -> Scored:
        match scoring.name:
            case "code":
                return _run(scoring, answer)
            case "embedding":
                return Scored(self.asking.likeness(self.meaning_of, case.expected, answer) if answer.strip() else 0.0)
            case "deepeval":
                return self.marks[key]
            case "judge":
                asked = mark_question(case.question, case.expected, answer, str(scoring.argument))
                reply = self.asking.judge(f"judge/{key}", self.judge, asked)
                mark = mark_of(reply)
                return Scored(0.0, f"the judge gave no mark: {reply[:80]}") if mark is None else Scored(mark)
            case _:
                return score_text(scoring, case, answer)

    def _pairwise(self, case: Case, scoring: Scoring, answers: tuple[str, str], number: int) -> float:
        replies = []
        for order, pair in (("forward", answers), ("backward", answers[::-1])):
            asked = pair_question(case.question, case.expected, pair, str(scoring.argument or PREFERENCE))
            reply = self.asking.judge(f"pair/{case.case_id}/{number}/{order}", self.judge, asked)
            replies.append(preference_of(reply))
        return win_of(*replies)


def _run(scoring: Scoring, answer: str) -> Scored:
    """The first block of code, or all of the answer where it fences none, followed by the tests."""
    fenced = _FENCED.search(answer)
    program = f"{fenced[1] if fenced else answer}\n\n{scoring.argument}\n"
    try:
        ran = run_apart(program)
    except NotIsolated as error:
        reason = "this system cannot keep a program away from your files; Linux 5.13 and later can"
        raise ScorerUnfit(scorer="code", reason=reason) from error
    return Scored(float(ran.passed), "" if ran.passed else ran.output[-_LAST_WORDS:] or "it ended with an error")
