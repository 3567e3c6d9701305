"""The figures of an evaluation: a mean for all, for each scorer and for each category, paired where two answer."""

from collections.abc import Callable, Sequence

from luthier.domain.evaluations import BlindResult, CaseOutcome, Figure
from luthier.evaluation.differences import Tested, corrected, mean_of, paired_test, sign_test, verdict_of
from luthier.evaluation.intervals import paired_difference, wilson

OVERALL = "all scorers"

Pick = Callable[[CaseOutcome], tuple[float | None, float | None]]  # what target and other one got, where both count


def figures_of(outcomes: Sequence[CaseOutcome]) -> tuple[Figure, ...]:
    """First the mean of every case's mean, when there are several scorers; then each scorer's."""
    names = list(dict.fromkeys(name for outcome in outcomes for name in outcome.scores))
    picks: dict[str, Pick] = {name: _of_scorer(name) for name in names}
    if len(names) > 1:
        picks = {OVERALL: _overall, **picks}
    return _figures(outcomes, picks)


def category_figures(outcomes: Sequence[CaseOutcome]) -> tuple[Figure, ...]:
    names = dict.fromkeys(outcome.category for outcome in outcomes if outcome.category)
    return _figures(outcomes, {name: _of_category(name) for name in names})


def blind_result(target: int, against: int, ties: int) -> BlindResult:
    """Votes for each. A tie counts half in the share and is left out of the test."""
    total = target + against + ties
    half = paired_difference(target, against, total)
    share_interval = (
        wilson(target, total)
        if not ties
        else half.model_copy(update={"low": (half.low + 1) / 2, "high": (half.high + 1) / 2})
    )
    p_value = sign_test(target, against)
    return BlindResult(
        target=target,
        against=against,
        ties=ties,
        share=(target + ties / 2) / total if total else 0.5,
        interval=share_interval,
        p_value=p_value,
        verdict=verdict_of(half, p_value),
    )


def _figures(outcomes: Sequence[CaseOutcome], picks: dict[str, Pick]) -> tuple[Figure, ...]:
    paired = bool(outcomes) and outcomes[0].against is not None
    figures: list[Figure] = []
    tests: list[Tested] = []
    for name, pick in picks.items():
        scored = [(own, other) for own, other in map(pick, outcomes) if own is not None]
        own_scores = [own for own, _ in scored if own is not None]
        others = [other for _, other in scored if other is not None]
        figures.append(Figure(name=name, target=mean_of(own_scores), against=mean_of(others) if paired else None))
        if paired:
            tests.append(paired_test(own_scores, others))
    differences = corrected(tests) if paired else [None] * len(figures)
    return tuple(
        figure.model_copy(update={"difference": difference})
        for figure, difference in zip(figures, differences, strict=True)
    )


def _of_scorer(name: str) -> Pick:
    return lambda outcome: (outcome.scores.get(name), outcome.against_scores.get(name))


def _of_category(name: str) -> Pick:
    return lambda outcome: _overall(outcome) if outcome.category == name else (None, None)


def _overall(outcome: CaseOutcome) -> tuple[float | None, float | None]:
    return case_score(outcome.scores), case_score(outcome.against_scores)


def case_score(scores: dict[str, float]) -> float | None:
    """The mean of what its scorers gave; None where none did."""
    return sum(scores.values()) / len(scores) if scores else None
