"""The proof: before and after on the same held-out examples, with intervals, and answers side by side."""

from collections.abc import Iterable, Sequence

from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from luthier.cli.render.tables import facts, table
from luthier.cli.render.text import one_line, plain, soft, visible
from luthier.domain.evaluations import Comparison, EvaluationReport, Rate
from luthier.domain.jobs import Sample
from luthier.kit.units import show_percent

_ANSWER_LENGTH = 500
_INDENT = (0, 0, 0, 3)
MEASURES = {"exact": "Exact match", "json": "Exact match (as JSON)", "preference": "Prefers the chosen answer"}


def show_evaluation(report: EvaluationReport, base: str, tuned: str) -> Iterable[RenderableType]:
    """`base` and `tuned` name the two models."""
    rows: list[tuple[str, str | Text, str | Text]] = []
    comparison = report.comparison
    if comparison:
        rows.append((MEASURES.get(report.scorer, report.scorer), _share(comparison.base), _share(comparison.tuned)))
        rows.append((_interval_name(comparison.base), _interval(comparison.base), _interval(comparison.tuned)))
    if report.base_loss is not None and report.tuned_loss is not None:
        rows.append(("Held-out loss", f"{report.base_loss:.4f}", f"{report.tuned_loss:.4f}"))
    if report.reward is not None:
        rows.append(("Held-out reward", f"{report.reward.base:.4f}", f"{report.reward.tuned:.4f}"))
    if not rows:
        yield soft("Nothing was measured: no example was held out.")
        return
    yield table(("On held-out examples", f"Before: {base}", f"After: {tuned}"), rows)
    if comparison:
        yield verdict(comparison)


def verdict(comparison: Comparison) -> Text:
    interval = comparison.difference_interval
    low, high = 100 * interval.low, 100 * interval.high
    span = f"{100 * interval.confidence:.0f} % interval {low:+.1f} to {high:+.1f}"
    points = 100 * comparison.difference
    if comparison.better:
        return Text(f"Better by {points:.1f} points ({span}).", "good")
    if interval.high < 0:
        return Text(f"Worse by {-points:.1f} points ({span}).", "bad")
    return Text(f"No difference can be claimed: {points:+.1f} points ({span}).", "warn")


def show_samples(samples: Sequence[Sample], base: str, tuned: str) -> Iterable[RenderableType]:
    for number, sample in enumerate(samples, 1):
        yield plain(f"\n{number}. {one_line(sample.prompt, _ANSWER_LENGTH)}")
        if sample.expected:
            yield Padding(facts([("expected", one_line(sample.expected, _ANSWER_LENGTH))]), _INDENT)
        yield Padding(_side_by_side(sample, base, tuned), _INDENT)


def _side_by_side(sample: Sample, base: str, tuned: str) -> Table:
    shown = Table(box=None, pad_edge=False, show_edge=False, expand=True)
    cells = []
    for title, answer in ((f"Before: {base}", sample.base), (f"After: {tuned}", sample.tuned)):
        as_expected = bool(sample.expected) and answer.strip() == sample.expected.strip()
        header = Text(visible(title), "soft")
        if as_expected:
            header.append(", as expected", "good")
        shown.add_column(header, ratio=1, overflow="fold")
        cells.append(Text(one_line(answer, _ANSWER_LENGTH), "good" if as_expected else ""))
    shown.add_row(*cells)
    return shown


def _share(rate: Rate) -> str:
    return f"{show_percent(rate.share)} ({rate.right} of {rate.total})"


def _interval_name(rate: Rate) -> str:
    return f"{100 * rate.interval.confidence:.0f} % interval"


def _interval(rate: Rate) -> str:
    return f"{show_percent(rate.interval.low)} to {show_percent(rate.interval.high)}"
