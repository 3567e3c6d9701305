"""A checkup, point by point under its headings, and measured rates with their spread."""

from collections.abc import Iterable

from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from luthier.cli.render.tables import table
from luthier.cli.render.text import count_of, heading, plain, soft, visible
from luthier.domain.checkup import Check, Checkup, Verdict
from luthier.domain.machine import Measured, Rates
from luthier.domain.reindexing import Reindexed
from luthier.kit.units import show_count

_MARKS = {
    Verdict.ERROR: ("error", "bad"),
    Verdict.WARNING: ("warning", "warn"),
    Verdict.NOTE: ("note", "soft"),
    Verdict.GOOD: ("good", "good"),
}
_VERDICT_WIDTH = 9
_INDENT = (0, 0, 0, _VERDICT_WIDTH + 2)  # below the name


def show_checkup(checkup: Checkup) -> Iterable[RenderableType]:
    widest = max(len(visible(check.name)) for check in checkup.checks)
    for part in checkup.parts:
        yield heading(part)
        for check in checkup.checks:
            if check.part == part:
                yield from _point(check, widest)
    yield Text.assemble("\n", _sum(checkup))


def show_rates(rates: Rates) -> Iterable[RenderableType]:
    yield table(("What", "Median", "Slowest to fastest"), _rate_rows(rates), right=("Median", "Slowest to fastest"))


def show_reindexed(done: Reindexed) -> Iterable[RenderableType]:
    found = [count_of(done.runs, "run"), count_of(done.datasets, "dataset"), count_of(done.versions, "version")]
    yield plain(f"The database was made anew: {', '.join(found)} and {count_of(done.events, 'event')}.", "good")
    if done.set_aside:
        yield soft(f"  The one that could not be read is now {done.set_aside}.")
    if done.going_on:
        yield soft(f"  These go on from their newest checkpoints: {', '.join(done.going_on)}.")
    for lost in done.not_brought_back:
        yield plain(f"  Not brought back: {lost.what}; {lost.reason}.", "warn")


def _point(check: Check, name_width: int) -> Iterable[RenderableType]:
    word, style = _MARKS[check.verdict]
    shown = Table.grid(padding=(0, 2, 0, 0))
    shown.add_column(no_wrap=True, width=_VERDICT_WIDTH)
    shown.add_column(no_wrap=True, width=name_width)
    shown.add_column(overflow="fold")
    shown.add_row(Text(f"  {word}", style), Text(visible(check.name)), plain(check.found))
    yield shown
    if check.reason:
        yield Padding(soft(check.reason), _INDENT)
    for action in check.actions:
        yield Padding(soft(f"{action.label}{':' if action.command else '.'}"), _INDENT)
        if action.command:
            yield f"{' ' * (_VERDICT_WIDTH + 4)}{visible(action.command)}"  # a string is never folded: it can be copied


def _sum(checkup: Checkup) -> Text:
    counts = {verdict: checkup.count(verdict) for verdict in Verdict}
    if not counts[Verdict.ERROR] and not counts[Verdict.WARNING]:
        words, style = "Ready", "good"
    elif not counts[Verdict.ERROR]:
        words, style = "Ready, with warnings", "warn"
    else:
        words, style = "Something will not work", "bad"
    rest = ", ".join(count_of(counts[verdict], verdict.value) for verdict in list(Verdict)[:3])
    return Text.assemble((words, style), soft(f" ({rest})"))


def _rate_rows(rates: Rates) -> Iterable[tuple[str, str, str]]:
    for device in rates.devices:
        for precision, measured in device.matmul_flops.items():
            yield _row(f"Products in {precision}, {device.name}", measured, 1e9, "GFLOP/s")
        copied = device.memory_bytes_per_second
        yield _row(f"Memory, {device.name}", copied, 1e9, "GB/s")
        for passes in device.training:
            yield _row(f"Training {passes.described}", passes.tokens_per_second, 1, "tokens/s")
    yield _row("Disk, written and synced", rates.disk_bytes_per_second, 1e6, "MB/s")


def _row(what: str, measured: Measured, unit_size: float, unit: str) -> tuple[str, str, str]:
    low, median, high = (show_count(value / unit_size) for value in (measured.low, measured.median, measured.high))
    return what, f"{median} {unit}", f"{low} to {high}"
