"""The line that shows how far something is: live in a terminal, one line now and then in a log."""

from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from luthier.cli.render.pace import Pace, time_left
from luthier.cli.render.text import one_line
from luthier.domain.jobs import Progress
from luthier.kit.clock import SystemClock
from luthier.kit.units import show_bytes, show_count, show_percent

_SECONDS_BETWEEN_PLAIN_LINES = 10.0
_BAR_WIDTH = 24
_NARROWEST_BAR = 6


@dataclass(frozen=True)
class Standing:
    """What is being done and how far it is; `notes` are in the order in which they may be left out, last first."""

    what: str
    done: int = 0
    total: int = 0
    amount: str = ""
    notes: tuple[str, ...] = ()

    @property
    def is_whole(self) -> bool:
        return 0 < self.total <= self.done

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        texts = [self.what, self.amount, *self.notes]
        while len(texts) > 2 and len(_joined(texts)) > options.max_width:
            texts.pop()
        words = _joined(texts)
        bar = min(_BAR_WIDTH, options.max_width - len(words) - 2)
        if not self.total or bar < _NARROWEST_BAR:
            yield Text(words, no_wrap=True, overflow="ellipsis")
            return
        line = Table.grid(padding=(0, 1))
        line.add_row(self.what, ProgressBar(self.total, self.done, width=bar), words[len(self.what) :].lstrip(" ·"))
        yield line

    def as_line(self) -> str:
        return _joined([self.what, self.amount, *self.notes])


class ProgressLine:
    """`with ProgressLine(console, "Reading") as line: line.update(...)`. What is printed meanwhile appears above it."""

    def __init__(self, console: Console, start: str) -> None:
        self._console = console
        self._clock = SystemClock()
        self._pace = Pace()
        self._standing = Standing(start)
        self._printed_at = -_SECONDS_BETWEEN_PLAIN_LINES
        self._printed: Standing | None = None
        live = console.is_terminal and not console.is_dumb_terminal and not console.quiet
        self._live = Live(console=console, transient=True, get_renderable=self._current) if live else None

    def __enter__(self) -> Self:
        if self._live:
            self._live.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._live:
            self._live.stop()

    def update(self, progress: Progress) -> None:
        self.show(standing_of(progress, self._pace.notes(progress, self._clock.monotonic())))

    def training(self, step: dict[str, Any], machine: str = "") -> None:
        """`step` is the body of a `run.step` event; `machine` says what goes on beside it."""
        self.show(standing_of_step(step, machine))

    def show(self, standing: Standing) -> None:
        self._standing = standing
        if self._live is None:
            self._print_now_and_then(standing)

    def say(self, line: RenderableType) -> None:
        self._console.print(line)

    def _current(self) -> RenderableType:
        return self._standing

    def _print_now_and_then(self, standing: Standing) -> None:
        now = self._clock.monotonic()
        news = self._printed is None or self._printed.what != standing.what
        last = standing.is_whole and not (self._printed and self._printed.is_whole)
        if standing != self._printed and (news or last or now - self._printed_at >= _SECONDS_BETWEEN_PLAIN_LINES):
            self._console.print(Text(standing.as_line()), soft_wrap=True)
            self._printed, self._printed_at = standing, now


def standing_of(progress: Progress, notes: tuple[str, ...] = ()) -> Standing:
    show = show_bytes if progress.unit == "bytes" else show_count
    amount = ""
    if progress.total:
        amount = f"{show(progress.done)} of {show(progress.total)}"
    elif progress.done:
        amount = show(progress.done)
    if progress.rows and progress.unit == "bytes":
        notes = (*notes, f"{show_count(progress.rows)} rows")
    return Standing(_capital(progress.what), progress.done, progress.total, amount, notes)


def standing_of_step(step: dict[str, Any], machine: str = "") -> Standing:
    low, high = step["seconds_left"]
    notes = [
        f"loss {step['loss']:.4f}",
        f"{time_left(low, high)} left",
        f"{show_count(step['tokens_per_second'])} tokens/s",
    ]
    if "learning_rate" in step:
        notes += [f"rate {step['learning_rate']:.3g}", f"gradient {step['gradient_norm']:.3g}"]
    amount = f"step {step['step']} of {step['total_steps']}"
    return Standing("Training", step["step"], step["total_steps"], amount, (*notes, machine))


def machine_line(readings: dict[str, Any]) -> str:
    """`readings` is the body of a `run.readings` event; what the machine does not tell is left out."""
    parts = [
        f"CPU {show_percent(readings['cpu_share'])}",
        f"memory {show_bytes(readings['memory_used_bytes'])} of {show_bytes(readings['memory_total_bytes'])}",
        f"disk {show_bytes(readings['disk_free_bytes'])} free",
    ]
    if readings["gpu_share"] is not None:
        parts.insert(0, f"GPU {show_percent(readings['gpu_share'])}")
    if readings["power_watts"] is not None:
        parts.append(f"{readings['power_watts']:.0f} W")
    return ", ".join(parts)


def _capital(text: str) -> str:
    return one_line(text[:1].upper() + text[1:], longest=70)


def _joined(texts: list[str]) -> str:
    return " · ".join(text for text in texts if text)
