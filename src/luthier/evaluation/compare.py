"""Raw answers of base and tuned model become a report: each right or wrong, and one paired comparison."""

from collections.abc import Sequence

from luthier.domain.evaluations import Answer, AnswerSheet, Comparison, EvaluationReport, Rate, RawAnswer
from luthier.domain.recipes import Scorer
from luthier.evaluation.intervals import paired_difference, wilson
from luthier.evaluation.scorers import is_right


def score(sheet: AnswerSheet) -> EvaluationReport:
    """Without a scorer, or without answers, there is no comparison; the losses stand for themselves.

    Where pairs were judged, they are what is compared: is the chosen answer likelier than the rejected one?
    """
    answers = tuple(_scored(raw, sheet.scorer) for raw in sheet.answers)
    judged = [(answer.base_right, answer.tuned_right) for answer in answers if answer.base_right is not None]
    scored = [(pair.base > 0, pair.tuned > 0) for pair in sheet.pairs] or judged
    return EvaluationReport(
        scorer=sheet.scorer,
        base_loss=sheet.base_loss,
        tuned_loss=sheet.tuned_loss,
        reward=sheet.reward,
        comparison=compare(scored) if scored else None,
        answers=answers,
        probe=sheet.probe,
        seconds=sheet.seconds,
    )


def compare(scored: Sequence[tuple[bool | None, bool | None]]) -> Comparison:
    """Of base and tuned (or any two) on the same questions: whether each answered each one rightly."""
    total = len(scored)
    gained = sum(1 for base, tuned in scored if tuned and not base)
    lost = sum(1 for base, tuned in scored if base and not tuned)
    interval = paired_difference(gained, lost, total)
    return Comparison(
        base=_rate(sum(1 for base, _ in scored if base), total),
        tuned=_rate(sum(1 for _, tuned in scored if tuned), total),
        difference=(gained - lost) / total,
        difference_interval=interval,
        better=interval.low > 0,
    )


def _scored(raw: RawAnswer, scorer: Scorer) -> Answer:
    return Answer(
        **raw.model_dump(),
        base_right=is_right(scorer, raw.expected, raw.base),
        tuned_right=is_right(scorer, raw.expected, raw.tuned),
    )


def _rate(right: int, total: int) -> Rate:
    return Rate(right=right, total=total, share=right / total, interval=wilson(right, total))
