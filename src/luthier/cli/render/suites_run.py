"""Evaluations and quality reports: figures with their intervals as pictures, verdicts in words, cases one by one."""

from collections.abc import Iterable, Sequence

from rich.console import RenderableType
from rich.text import Text

from luthier.cli.render.moments import local_time
from luthier.cli.render.tables import Cell, facts, table
from luthier.cli.render.text import count_of, heading, one_line, plain, soft
from luthier.domain.background import WorkState
from luthier.domain.evaluations import BlindResult, CaseOutcome, Evaluation, Figure, Mean, PairedDifference
from luthier.domain.quality_reports import QualityReport
from luthier.kit.units import show_duration, show_percent

_WIDTH = 24
_VERDICTS = {"better": ("better", "good"), "worse": ("worse", "bad"), "open": ("no proven difference", "warn")}


def evaluations_table(evaluations: Sequence[Evaluation]) -> Iterable[RenderableType]:
    if not evaluations:
        yield Text("No evaluations yet. Make one: luthier evaluations run TARGET")
        return
    rows = [
        (
            item.evaluation_id[:13],
            item.target,
            item.against or "",
            item.suite,
            *_result(item),
            local_time(item.begun_at),
        )
        for item in evaluations
    ]
    yield table(("Evaluation", "Target", "Against", "Suite", "Score", "Verdict", "Begun"), rows, right=("Score",))


def show_evaluation_run(
    evaluation: Evaluation, outcomes: Sequence[CaseOutcome], votes: BlindResult | None, most_cases: int
) -> Iterable[RenderableType]:
    yield facts(
        [
            ("Evaluation", evaluation.evaluation_id),
            ("Target", evaluation.target),
            *([("Against", evaluation.against)] if evaluation.against else []),
            ("Suite", f"{evaluation.suite} ({count_of(evaluation.cases, 'case')})"),
            ("State", evaluation.state.value),
            ("Begun", local_time(evaluation.begun_at)),
            *([("Took", show_duration(evaluation.seconds))] if evaluation.seconds else []),
        ]
    )
    if evaluation.problem is not None:
        yield plain(evaluation.problem.sentence, "bad")
    if evaluation.progress is not None:
        yield soft(f"{evaluation.progress.what}: {evaluation.progress.done} of {evaluation.progress.total}")
    yield from _figures("Figures", evaluation.figures, evaluation)
    yield from _figures("By category", evaluation.categories, evaluation)
    if votes is not None and votes.target + votes.against + votes.ties:
        word, style = _VERDICTS[votes.verdict]
        counts = f"{votes.target} for {evaluation.target}, {votes.against} for {evaluation.against}, {votes.ties} ties"
        yield heading("Blind votes")
        yield Text(f"{counts}; {show_percent(votes.share)} (p = {votes.p_value:.3g}): ").append(word, style)
    yield from _cases(evaluation, outcomes, most_cases)


def show_quality(report: QualityReport) -> Iterable[RenderableType]:
    yield heading(f"Quality of {report.run}: {'not measured' if report.score is None else f'{report.score} of 100'}")
    yield soft(report.formula)
    rows: list[tuple[Cell, ...]] = [
        (
            part.label,
            f"{part.weight:g}",
            "not measured" if part.value is None else show_percent(part.value),
            part.meaning,
        )
        for part in report.parts
    ]
    yield table(("Part", "Weight", "Value", "What it is"), rows, right=("Weight", "Value"))
    yield Text()
    yield table(("", f"Base: {report.base}", f"Tuned: {report.run}"), _before_and_after(report))
    for sentence in report.not_measured:
        yield soft(f"Not measured. {sentence}")
    if report.task_scores:
        yield heading("Likeness to the expected answers")
        yield table(
            ("Scorer", "Base", "Tuned", "Difference", "Verdict"),
            [(s.scorer, _mean(s.base), _mean(s.tuned), *_difference(s.difference)) for s in report.task_scores],
        )
    if report.suggestions:
        yield heading("What to do next")
    for each in report.suggestions:
        style = "warn" if each.level == "warning" else "soft"
        yield Text.assemble((f"{each.level.capitalize()}: ", style), f"{each.sentence} {each.suggestion}")
        if each.command:
            yield plain(f"    {each.command}", "command")


def _before_and_after(report: QualityReport) -> Iterable[tuple[Cell, ...]]:
    if report.base_loss is not None and report.tuned_loss is not None:
        yield "Held-out loss", f"{report.base_loss:.4f}", f"{report.tuned_loss:.4f}"
        yield "Held-out perplexity", f"{report.base_perplexity:.3f}", f"{report.tuned_perplexity:.3f}"
    if (found := report.comparison) is not None:
        right = (f"{show_percent(rate.share)} ({rate.right} of {rate.total})" for rate in (found.base, found.tuned))
        yield "Right answers", *right
    if (probe := report.probe) is not None:
        yield f"Loss on {probe.texts} general texts", f"{probe.base:.4f}", f"{probe.tuned:.4f}"


def _result(evaluation: Evaluation) -> tuple[Cell, Cell]:
    figure = evaluation.headline
    if evaluation.state is not WorkState.DONE or figure is None:
        return "", evaluation.state.value
    verdict = Text() if figure.difference is None else Text(*_VERDICTS[figure.difference.verdict])
    return show_percent(figure.target.value), verdict


def _figures(title: str, figures: Sequence[Figure], evaluation: Evaluation) -> Iterable[RenderableType]:
    if not figures:
        return
    yield heading(title)
    for figure in figures:
        yield Text(figure.name)
        rows = [(evaluation.target, figure.target)]
        rows += [(evaluation.against, figure.against)] if evaluation.against and figure.against else []
        yield table(("", "0 … 1", ""), [(f"  {who}", whisker(mean), _mean(mean)) for who, mean in rows])
        if figure.difference is not None:
            difference, verdict = _difference(figure.difference)
            yield Text("  ").append(verdict).append(f": {difference}")


def whisker(mean: Mean) -> str:
    """The interval as a line and the mean as a point, on a scale from 0 to 1."""
    low, high, at = (
        round(max(0.0, min(1.0, each)) * (_WIDTH - 1)) for each in (mean.interval.low, mean.interval.high, mean.value)
    )
    return "".join("●" if place == at else "━" if low <= place <= high else "·" for place in range(_WIDTH))


def _mean(mean: Mean) -> str:
    return f"{mean.value:.3f} ({mean.interval.low:.3f} to {mean.interval.high:.3f})"


def _difference(found: PairedDifference) -> tuple[str, Text]:
    low, high = found.interval.low, found.interval.high
    figures = f"{found.value:+.3f} ({low:+.3f} to {high:+.3f}), p = {found.p_corrected:.3g}, {found.test}, Holm"
    return figures, Text(*_VERDICTS[found.verdict])


def _cases(evaluation: Evaluation, outcomes: Sequence[CaseOutcome], most: int) -> Iterable[RenderableType]:
    if outcomes:
        yield heading("Cases")
    for outcome in outcomes[:most]:
        yield plain(f"{outcome.case_id}: {one_line(outcome.question, 200)}")
        pairs: list[tuple[str, Cell]] = [("expected", one_line(outcome.expected))] if outcome.expected else []
        pairs.append((f"{evaluation.target} {_scores(outcome.scores)}", one_line(outcome.answer)))
        if outcome.against is not None:
            pairs.append((f"{evaluation.against} {_scores(outcome.against_scores)}", one_line(outcome.against)))
        pairs += [(f"  {name}", why) for name, why in outcome.notes.items()]
        yield facts(pairs)
    if len(outcomes) > most:
        yield soft(f"{len(outcomes) - most} more: luthier evaluations show {evaluation.evaluation_id} --cases all")


def _scores(scores: dict[str, float]) -> str:
    return " ".join(f"{value:.2f}" for value in scores.values())
