"""Runs side by side: looked up, judged on the examples that both answered, and laid over each other as curves."""

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate, combinations
from statistics import fmean

from luthier.domain.comparisons import (
    FEWEST,
    MOST,
    Axis,
    RunComparison,
    RunCurve,
    RunsToCompare,
    Verdict,
    differences_of,
    doubts_about,
    metrics_of,
)
from luthier.domain.evaluations import Comparison, EvaluationReport
from luthier.domain.runs import MetricPoint, Run
from luthier.domain.sweeps import SweepNotFound
from luthier.evaluation import compare
from luthier.services.runs import Runs

_AXIS_METRICS: dict[Axis, tuple[str, ...]] = {
    "step": (),
    "tokens": ("tokens_per_second", "step_seconds"),
    "seconds": ("step_seconds",),
}


class Comparisons:
    def __init__(self, runs: Runs) -> None:
        self._runs = runs

    def of(self, references: Sequence[str], order: str | None = None) -> RunComparison:
        """In the order given, or the best first by the metric called `order`. Raises RunsToCompare."""
        return self._ordered(self._find(references), order)

    def of_sweep(self, sweep_id: str, order: str | None = None) -> RunComparison:
        """All its runs, however many, in the order of their values, or as `of`. Raises SweepNotFound."""
        runs = self._runs.of_sweep(sweep_id)
        if not runs:
            raise SweepNotFound(sweep=sweep_id)
        return self._ordered(runs, order)

    def curves(self, references: Sequence[str], name: str, axis: Axis, most_points: int) -> tuple[RunCurve, ...]:
        """The metric called `name` of each run; one that did not note what the axis needs has no points."""
        return tuple(self._curve(run, name, axis, most_points) for run in self._find(references))

    def _ordered(self, runs: Sequence[Run], order: str | None) -> RunComparison:
        compared = self._compare(runs)
        metric = next((each for each in compared.metrics if each.name == order), None)
        if metric is None:
            return compared
        sign = -1 if metric.better == "higher" else 1
        places = sorted(range(len(runs)), key=lambda place: _ranked(metric.values[place], sign))
        return self._compare([runs[place] for place in places])

    def _find(self, references: Sequence[str]) -> list[Run]:
        runs = list({run.run_id: run for run in map(self._runs.get, references)}.values())
        if not FEWEST <= len(runs) <= MOST:
            raise RunsToCompare(count=len(runs))
        return runs

    def _compare(self, runs: Sequence[Run]) -> RunComparison:
        newest = [self._newest(run) for run in runs]
        return RunComparison(
            runs=tuple(runs),
            metrics=metrics_of(runs, newest),
            differences=differences_of(runs),
            verdicts=_verdicts([self._runs.evaluation(run.run_id) for run in runs]),
            doubts=doubts_about(runs),
        )

    def _newest(self, run: Run) -> dict[str, float]:
        return {point.name: point.value for point in self._runs.metrics(run.run_id, names=("held_out_loss",))}

    def _curve(self, run: Run, name: str, axis: Axis, most_points: int) -> RunCurve:
        points = self._runs.metrics(run.run_id, names=(name, *_AXIS_METRICS[axis]))
        place_of = _places(points, axis)
        drawn = [(place_of[each.step], each.value) for each in points if each.name == name and each.step in place_of]
        return RunCurve(run_id=run.run_id, points=tuple(_means(drawn, most_points)))


def _places(points: Sequence[MetricPoint], axis: Axis) -> Mapping[int, float]:
    """Where each step stands on the axis; step 0, before training, stands at its beginning."""
    if axis == "step":
        return {point.step: float(point.step) for point in points}
    seconds = {point.step: point.value for point in points if point.name == "step_seconds"}
    rates = {point.step: point.value for point in points if point.name == "tokens_per_second"}
    lengths = seconds if axis == "seconds" else {step: seconds[step] * rates[step] for step in seconds if step in rates}
    ends = dict(zip(lengths, accumulate(lengths.values()), strict=True))
    return {0: 0.0, **ends} if ends else {}


def _means(points: Sequence[tuple[float, float]], most: int) -> Iterator[tuple[float, float | None]]:
    """Each stretch of points as its mean, at its end; None where nothing in it is finite."""
    width = -(-len(points) // most)
    for start in range(0, len(points), width or 1):
        stretch = points[start : start + width]
        finite = [value for _, value in stretch if math.isfinite(value)]
        yield stretch[-1][0], fmean(finite) if finite else None


def _verdicts(reports: Sequence[EvaluationReport | None]) -> tuple[Verdict, ...]:
    """For each two runs that answered the same questions and of which one is proven better."""
    found = []
    for first, second in combinations(range(len(reports)), 2):
        for worse, better in ((first, second), (second, first)):
            comparison = _on_the_same(reports[worse], reports[better])
            if comparison is not None and comparison.better:
                found.append(Verdict(better=better, worse=worse, comparison=comparison))
    return tuple(found)


def _on_the_same(before: EvaluationReport | None, after: EvaluationReport | None) -> Comparison | None:
    if before is None or after is None or before.scorer != after.scorer:
        return None
    asked = {(answer.prompt, answer.expected): answer.tuned_right for answer in before.answers}
    pairs = [
        (asked[key], answer.tuned_right)
        for answer in after.answers
        if (key := (answer.prompt, answer.expected)) in asked and answer.tuned_right is not None
    ]
    return compare(pairs) if pairs else None


def _ranked(value: float | None, sign: int) -> tuple[bool, float]:
    return (value is None, sign * (value or 0.0))
