"""The proof: the same questions answered by two models, paired, with confidence intervals."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from luthier.domain.background import WorkState
from luthier.domain.errors import Action, NotAllowedNow, NotFound, Problem, Unreachable, WrongUsage
from luthier.domain.jobs import Progress
from luthier.domain.recipes import Scorer
from luthier.domain.suites import MOST_CASES, ScorerName
from luthier.kit.frozen import Frozen


class Interval(Frozen):
    low: float
    high: float
    confidence: float = 0.95


class RawAnswer(Frozen):
    """What the worker produced for one held-out example, not yet scored."""

    row: int
    prompt: str
    expected: str
    base: str
    tuned: str


class JudgedPair(Frozen):
    """By how much the chosen answer is ahead of the rejected one; above 0 is right.

    In nats per token that it is likelier by, or by what a reward model gives it more.
    """

    row: int
    base: float
    tuned: float


class ProbeLoss(Frozen):
    """Mean loss on a few general texts that no run trains on: what the base knew, and what is left of it."""

    base: float
    tuned: float
    texts: int
    tokens: int


class RewardGain(Frozen):
    """The mean reward of the likeliest answers to held-out questions."""

    base: float
    tuned: float


class AnswerSheet(Frozen):
    """report/answers.json: written by the worker, scored by `luthier.evaluation`."""

    scorer: Scorer
    base_loss: float | None  # mean over the supervised tokens of the held-out examples
    tuned_loss: float | None
    reward: RewardGain | None = None  # of runs that learn from rewards, in the place of losses
    answers: tuple[RawAnswer, ...]
    pairs: tuple[JudgedPair, ...] = ()  # of methods that learn from pairs
    probe: ProbeLoss | None = None  # None in runs of before it was measured
    seconds: float


class Answer(Frozen):
    """One held-out example with what both models said."""

    row: int
    prompt: str
    expected: str
    base: str
    tuned: str
    base_right: bool | None  # None when nothing is scored
    tuned_right: bool | None


class Rate(Frozen):
    """A share of right answers with its Wilson interval."""

    right: int
    total: int
    share: float
    interval: Interval


class Comparison(Frozen):
    """Tuned against base on the same examples. `better` is said only when the interval of the difference excludes 0."""

    base: Rate
    tuned: Rate
    difference: float
    difference_interval: Interval
    better: bool


class EvaluationReport(Frozen):
    scorer: Scorer
    base_loss: float | None  # mean over the supervised tokens of the held-out examples
    tuned_loss: float | None
    reward: RewardGain | None = None
    comparison: Comparison | None
    answers: tuple[Answer, ...]
    probe: ProbeLoss | None = None
    seconds: float


# ── a suite run on a target ──────────────────────────────────────────────────────────────────────────────────────

Verdict = Literal["better", "worse", "open"]  # open: the difference may be chance
Choice = Literal["target", "against", "tie"]
Place = Literal["first", "second", "tie"]  # of two answers, as they are shown


class EvaluationRequest(Frozen):
    target: str  # as the user named it
    suite: str
    against: str | None = None
    most_cases: Annotated[int, Field(ge=1, le=MOST_CASES)] | None = None
    scorers: tuple[ScorerName, ...] = ()  # in place of the suite's own
    judge: str | None = None  # a target that judges; else the endpoint that the settings name


class CaseOutcome(Frozen):
    """One case: what was said, and what each scorer makes of it, from 0 to 1."""

    case_id: str
    category: str
    question: str
    expected: str
    answer: str
    scores: dict[str, float]
    notes: dict[str, str] = {}  # of a scorer: why
    against: str | None = None  # the other one's answer
    against_scores: dict[str, float] = {}
    against_notes: dict[str, str] = {}


class Mean(Frozen):
    value: float
    total: int
    interval: Interval


class PairedDifference(Frozen):
    """Of target less the other on the same cases; `verdict` says better or worse only when the test allows it."""

    value: float
    interval: Interval
    test: Literal["McNemar, exact", "sign-flip permutation"]
    p_value: float
    p_corrected: float  # after Holm, for all figures of the evaluation
    verdict: Verdict


class Figure(Frozen):
    """One scorer over all cases that it scores, or over those of one category."""

    name: str
    target: Mean
    against: Mean | None = None
    difference: PairedDifference | None = None


class BlindResult(Frozen):
    """What people preferred who did not know whose answer it was."""

    target: int
    against: int
    ties: int
    share: float  # of the target, a tie counting half
    interval: Interval
    p_value: float  # sign test, ties left out
    verdict: Verdict


class Evaluation(Frozen):
    evaluation_id: str
    request: EvaluationRequest
    target: str  # label
    against: str | None
    target_version: str | None  # version_id, when the target is one
    against_version: str | None
    suite: str
    suite_sha256: str
    state: WorkState
    begun_at: datetime
    progress: Progress | None = None
    problem: Problem | None = None
    cases: int
    figures: tuple[Figure, ...] = ()  # the one over everything first
    categories: tuple[Figure, ...] = ()
    seconds: float = 0.0

    @property
    def headline(self) -> Figure | None:
        return self.figures[0] if self.figures else None


class BlindPair(Frozen):
    """Two answers in an order that chance decided; nothing says whose they are."""

    case_id: str
    question: str
    first: str
    second: str
    voted: int
    pairs: int


class EvaluationNotFound(NotFound):
    code = "evaluations.not_found"
    sentence = "No evaluation is called {name}."
    actions = (Action(label="See all evaluations", command="luthier evaluations list"),)


class EvaluationBusy(NotAllowedNow):
    code = "evaluations.busy"
    sentence = "The evaluation of {target} is not done yet."
    actions = (
        Action(label="See how far it is", command="luthier evaluations show {evaluation}"),
        Action(label="Or call it off", command="luthier evaluations cancel {evaluation}"),
    )


class EvaluationDone(NotAllowedNow):
    code = "evaluations.done"
    sentence = "The evaluation of {target} is done, so it cannot be begun again."
    actions = (Action(label="See it", command="luthier evaluations show {evaluation}"),)


class NothingToVoteOn(WrongUsage):
    code = "evaluations.nothing_to_vote_on"
    sentence = "The evaluation of {target} has no second model whose answers could be compared."
    actions = (
        Action(label="Ask two models", command="luthier evaluations run {target} --suite {suite} --against TARGET"),
    )


class CaseNotFound(NotFound):
    code = "evaluations.case_not_found"
    sentence = "The evaluation has no case {case}."
    actions = (Action(label="See its cases", command="luthier evaluations show {evaluation}"),)


class NoJudge(WrongUsage):
    code = "evaluations.no_judge"
    sentence = "The suite is scored by a model, and none is named."
    actions = (
        Action(label="Let a model of this workspace judge", command="luthier evaluations run TARGET --judge TARGET"),
        Action(
            label="Or name a chat endpoint and its model",
            command="export LUTHIER_JUDGE_URL=https://HOST/v1 LUTHIER_JUDGE_MODEL=NAME LUTHIER_JUDGE_KEY=KEY",
        ),
    )


class JudgeUnreachable(Unreachable):
    code = "evaluations.judge_unreachable"
    sentence = "The judge at {address} does not answer: {reason}."
    actions = (
        Action(label="Check LUTHIER_JUDGE_URL, LUTHIER_JUDGE_MODEL and LUTHIER_JUDGE_KEY"),
        Action(label="Then go on: what was answered is kept", command="luthier evaluations restart EVALUATION"),
    )
