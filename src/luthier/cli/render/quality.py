"""Scores, reasons, and pictures made of blocks: readable without colour, and each bar with its figure."""

from collections.abc import Iterable, Sequence
from itertools import pairwise

from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from luthier.cli.render.datasets import show_examples
from luthier.cli.render.tables import facts, table
from luthier.cli.render.text import heading, plain, soft, visible
from luthier.domain.quality import ExampleQuality, Histogram, Part, QualityPage, QualityReport, Reason, TokenProfile
from luthier.kit.units import show_count, show_percent

_BAR_WIDTH = 40
_EIGHTHS = " ▏▎▍▌▋▊▉█"


def show_score(report: QualityReport) -> Iterable[RenderableType]:
    yield facts(
        [
            ("Dataset", f"{report.dataset_name} ({report.dataset_id})"),
            ("Score", Text(f"{report.score:.3f} of 1", "head")),
            ("Examples", show_count(report.examples)),
            ("In doubt", _share_of(report.doubted, report.examples)),
            ("Compared with", report.against or "itself"),
        ]
    )
    yield heading("Scores")
    yield bars(_bins(report.scores, digits=1))
    if not report.reasons:
        yield soft("Nothing was found.")
        return
    yield heading("Reasons")
    rows = [
        (each.code, each.title, show_count(each.examples), f"−{100 * each.weight:.0f} %", _rows(each.rows))
        for each in report.reasons
    ]
    yield table(("Reason", "What it is", "Examples", "Weight", "Rows"), rows, right=("Examples", "Weight"))
    worst = report.reasons[0].code
    yield soft("Look at them:")
    yield plain(f"  luthier datasets score {report.dataset_name} --reason {worst}", "command")


def show_page(page: QualityPage) -> Iterable[RenderableType]:
    if not page.items:
        yield soft("No example." if not page.total else f"There are {show_count(page.total)}; none is that far down.")
        return
    first, last = page.offset + 1, page.offset + len(page.items)
    yield soft(f"{show_count(first)} to {show_count(last)} of {show_count(page.total)}")
    for item in page.items:
        yield from _judged(item)


def show_pictures(report: QualityReport) -> Iterable[RenderableType]:
    yield facts(
        [
            ("Dataset", f"{report.dataset_name} ({report.dataset_id})"),
            ("Examples", show_count(report.examples)),
            ("Score", f"{report.score:.3f} of 1; {_share_of(report.doubted, report.examples)} in doubt"),
        ]
    )
    yield from _picture("Characters", _bins(report.characters))
    yield from _picture("Messages in an example", _named(report.turns))
    yield from _picture("Messages of each role", _named(report.roles))
    yield from _picture("Languages", _named(report.languages))
    yield from _picture("Scripts", _named(report.scripts))
    yield from _picture("Scores", _bins(report.scores, digits=1))
    if report.labels:
        yield from _picture(
            f"Answers: {show_count(report.labels.distinct)} labels, evenness {report.labels.evenness:.2f}",
            _named(report.labels.labels),
        )


def show_tokens(tokens: TokenProfile | None) -> Iterable[RenderableType]:
    if tokens is None:
        yield soft("\nWith --base MODEL the tokens are counted, too.")
        return
    yield from _picture(f"Tokens under {tokens.base}", _bins(tokens.lengths))
    longest = f"{show_count(tokens.tokens_p95)} (95th percentile), {show_count(tokens.tokens_max)} at most"
    yield facts(
        [
            ("Per example", f"{show_count(tokens.tokens_p50)} (median), {longest}"),
            ("In all", show_count(tokens.tokens)),
            ("Learned", show_percent(tokens.supervised_share)),
            (
                f"Over {show_count(tokens.max_length)}",
                f"{show_count(tokens.longer)} ({show_percent(tokens.longer_share)})",
            ),
        ]
    )


def bars(rows: Sequence[tuple[str, int]]) -> Table:
    """Each row with its name, its bar and its count; bars are relative to the longest one."""
    shown = Table.grid(padding=(0, 1))
    shown.add_column(style="soft", justify="right", no_wrap=True, overflow="ellipsis")
    shown.add_column(no_wrap=True)
    shown.add_column(justify="right")
    most = max((count for _, count in rows), default=0)
    for name, count in rows:
        shown.add_row(visible(name), Text(bar(count, most)), show_count(count))
    return shown


def bar(count: int, most: int, width: int = _BAR_WIDTH) -> str:
    """Whatever is there is seen: at least an eighth of a block."""
    if not count or not most:
        return ""
    eighths = max(1, round(8 * width * count / most))
    return "█" * (eighths // 8) + _EIGHTHS[eighths % 8].strip()


def _picture(title: str, rows: Sequence[tuple[str, int]]) -> Iterable[RenderableType]:
    if rows:
        yield heading(title)
        yield bars(rows)


def _bins(histogram: Histogram, digits: int = 0) -> list[tuple[str, int]]:
    edges = [f"{edge:.{digits}f}" if digits else show_count(edge) for edge in histogram.edges]
    return [(f"{low} – {high}", count) for (low, high), count in zip(pairwise(edges), histogram.counts, strict=True)]


def _named(parts: Sequence[Part]) -> list[tuple[str, int]]:
    return [(part.name, part.count) for part in parts]


def _judged(item: ExampleQuality) -> Iterable[RenderableType]:
    yield Text.assemble(f"\n{item.score:.2f}", ("  of 1", "soft"))
    for reason in item.reasons:
        yield Padding(
            Text.assemble((f"{reason.code}: ", "warn"), visible(reason.sentence), _place(reason)), (0, 0, 0, 2)
        )
    yield from show_examples([item.example])


def _place(reason: Reason) -> str:
    if reason.message is None:
        return ""
    return f" (message {reason.message}, character {reason.character})"


def _rows(rows: Sequence[int]) -> str:
    return ", ".join(str(row) for row in rows)


def _share_of(part: int, whole: int) -> str:
    return f"{show_count(part)} ({show_percent(part / whole if whole else 0.0)})"
