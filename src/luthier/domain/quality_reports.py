"""The quality report of a run: one score with its formula, everything it rests on, and what to do next."""

from math import exp
from typing import Literal

from luthier.domain.errors import Action, NotFound
from luthier.domain.evaluations import Answer, Comparison, Mean, PairedDifference, ProbeLoss
from luthier.kit.frozen import Frozen


class ScoredPart(Frozen):
    name: str
    label: str
    weight: float
    meaning: str
    value: float | None  # 0 to 1; None: not measured


class TaskScore(Frozen):
    """One scorer over the held-out answers, base and tuned paired."""

    scorer: str
    base: Mean
    tuned: Mean
    difference: PairedDifference


class Suggestion(Frozen):
    code: str
    level: Literal["warning", "note"]
    sentence: str
    suggestion: str
    command: str | None = None


class QualityReport(Frozen):
    """report/quality.json: made by itself when a run completes."""

    run: str
    base: str
    score: int | None  # 0 to 100; None when nothing was measured
    formula: str
    parts: tuple[ScoredPart, ...]
    base_loss: float | None
    tuned_loss: float | None
    comparison: Comparison | None
    task_scores: tuple[TaskScore, ...]
    probe: ProbeLoss | None
    suggestions: tuple[Suggestion, ...]
    not_measured: tuple[str, ...]  # in sentences
    answers: tuple[Answer, ...]

    @property
    def base_perplexity(self) -> float | None:
        return None if self.base_loss is None else exp(min(self.base_loss, 700.0))

    @property
    def tuned_perplexity(self) -> float | None:
        return None if self.tuned_loss is None else exp(min(self.tuned_loss, 700.0))


class QualityReportMissing(NotFound):
    code = "evaluations.no_quality_report"
    sentence = "There is no quality report of {name}: {reason}."
    actions = (
        Action(label="See how the run stands", command="luthier runs list"),
        Action(label="Or ask a suite", command="luthier evaluations run {name}"),
    )
