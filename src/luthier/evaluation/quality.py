"""From what a run measured to its quality report: the score and its formula, task scores, and what to do next."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from math import exp

from luthier.domain.evaluations import EvaluationReport
from luthier.domain.quality_reports import QualityReport, ScoredPart, Suggestion, TaskScore
from luthier.domain.suites import ScorerName
from luthier.evaluation.case_scores import normalised
from luthier.evaluation.differences import corrected, mean_of, paired_test
from luthier.evaluation.facts import quality_facts
from luthier.evaluation.texts import chrf, rouge_l

_LIKENESS: dict[ScorerName, Callable[[str, str], float]] = {
    "normalised": lambda expected, answer: float(normalised(expected) == normalised(answer)),
    "chrf": chrf,
    "rouge": rouge_l,
}
_LONGER, _LONG = 2, 200  # an answer that many times as long as the expected one, and at least so many characters


@dataclass(frozen=True)
class Training:
    """What is known of the run besides its proof."""

    run: str
    base: str
    held_out: int  # examples
    epochs: float
    learning_rate: float
    steps: int
    held_out_losses: Mapping[int, float]  # by step; 0 is the base model
    last_losses: tuple[float, ...]  # of its last training steps


def quality_report(report: EvaluationReport, training: Training) -> QualityReport:
    scores = _task_scores(report)
    values = {
        "task": _task(report, scores),
        "learning": _learning(report),
        "memory": None if report.probe is None else min(1.0, exp(report.probe.base - report.probe.tuned)),
    }
    parts = tuple(ScoredPart(**part.model_dump(), value=values[part.name]) for part in quality_facts().parts)
    score, formula = _score(parts)
    return QualityReport(
        run=training.run,
        base=training.base,
        score=score,
        formula=formula,
        parts=parts,
        base_loss=report.base_loss,
        tuned_loss=report.tuned_loss,
        comparison=report.comparison,
        task_scores=scores,
        probe=report.probe,
        suggestions=tuple(_suggestions(_facts(report, training, values["task"]), training.run)),
        not_measured=tuple(_not_measured(report, training)),
        answers=report.answers,
    )


def _task_scores(report: EvaluationReport) -> tuple[TaskScore, ...]:
    """How like the expected answers those of both models are; corrected for there being several scorers."""
    pairs = [answer for answer in report.answers if answer.expected.strip()]
    if not pairs:
        return ()
    given = {
        name: (
            [scorer(pair.expected, pair.base) for pair in pairs],
            [scorer(pair.expected, pair.tuned) for pair in pairs],
        )
        for name, scorer in _LIKENESS.items()
    }
    differences = corrected([paired_test(tuned, base) for base, tuned in given.values()])
    return tuple(
        TaskScore(scorer=name, base=mean_of(base), tuned=mean_of(tuned), difference=difference)
        for (name, (base, tuned)), difference in zip(given.items(), differences, strict=True)
    )


def _task(report: EvaluationReport, scores: tuple[TaskScore, ...]) -> float | None:
    if report.comparison is not None:
        return report.comparison.tuned.share
    return next((score.tuned.value for score in scores if score.scorer == "chrf"), None)


def _learning(report: EvaluationReport) -> float | None:
    if report.base_loss is None or report.tuned_loss is None:
        return None
    return max(0.0, 1 - exp(min(0.0, report.tuned_loss - report.base_loss)))


def _score(parts: tuple[ScoredPart, ...]) -> tuple[int | None, str]:
    """None where only what was kept is known: a run that learned nothing keeps everything."""
    if all(part.value is None for part in parts if part.name != "memory"):
        return None, "What it learned was not measured, so there is no score."
    measured = [(part.weight, part.value) for part in parts if part.value is not None]
    whole = sum(weight for weight, _ in measured)
    terms = " + ".join(f"{weight:g} × {value:.3f}" for weight, value in measured)
    score = round(100 * sum(weight * value for weight, value in measured) / whole)
    return score, f"100 × ({terms}) / {whole:g} = {score}"


def _facts(report: EvaluationReport, training: Training, task: float | None) -> dict[str, float]:
    """What the rules of suggestions may speak of; a fact that is not known is not there."""
    facts: dict[str, float] = {
        "lower_rate": training.learning_rate / 3,
        "more_epochs": training.epochs * 1.5,
    }
    if training.held_out:
        facts["held_out_examples"] = training.held_out
    if task is not None:
        facts["task"] = task
    if (found := report.comparison) is not None:
        interval = found.difference_interval
        facts |= {"answered": found.tuned.total, "difference_high": interval.high}
        facts["undecided"] = float(interval.low <= 0 <= interval.high)
    if report.base_loss is not None and report.tuned_loss is not None:
        facts |= {"base_loss": report.base_loss, "tuned_loss": report.tuned_loss}
        facts["learned"] = report.base_loss - report.tuned_loss
        facts |= _course(report.tuned_loss, training)
    if report.probe is not None:
        facts["forgotten"] = report.probe.tuned - report.probe.base
    expected = [answer for answer in report.answers if answer.expected]
    if expected:
        long = [a for a in expected if len(a.tuned) > max(_LONG, _LONGER * len(a.expected))]
        facts["cut_share"] = len(long) / len(expected)
    return facts


def _course(tuned_loss: float, training: Training) -> dict[str, float]:
    facts = {}
    losses = {step: loss for step, loss in training.held_out_losses.items() if step > 0}
    if losses:
        best_step = min(losses, key=lambda step: losses[step])
        facts = {"above_best": tuned_loss - losses[best_step], "best_step": float(best_step)}
        facts["best_epochs"] = training.epochs * best_step / max(1, training.steps)
    if training.last_losses:
        facts["gap"] = tuned_loss - sum(training.last_losses) / len(training.last_losses)
    return facts


def _suggestions(facts: dict[str, float], run: str) -> Iterator[Suggestion]:
    for rule in quality_facts().suggestions:
        if all(condition.holds(facts) for condition in rule.when):
            yield Suggestion(
                code=rule.code,
                level=rule.level,
                sentence=rule.sentence.format(**facts),
                suggestion=rule.suggestion,
                command=rule.command.format(target=run, **facts) if rule.command else None,
            )


def _not_measured(report: EvaluationReport, training: Training) -> Iterator[str]:
    if not training.held_out:
        yield "Held-out loss and right answers: no example was held out from training."
    elif report.reward is None and (report.base_loss is None or report.tuned_loss is None):
        yield "Held-out loss: it was not measured before and after training."
    if training.held_out and report.comparison is None:
        yield "Right answers: this run does not score its answers as right or wrong."
    if report.probe is None:
        yield "What was forgotten: the probe texts could not be measured in this run."
