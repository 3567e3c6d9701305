"""The preflight report: what was checked, and examples exactly as the model will see them."""

from collections.abc import Iterable, Sequence

from rich.console import RenderableType
from rich.padding import Padding
from rich.text import Text

from luthier.cli.render.findings import show_findings, tally
from luthier.cli.render.text import count_of, soft, visible
from luthier.domain.preflight import PreflightReport, ShownRow, TokenSpan
from luthier.kit.units import show_count, show_percent

_OPEN, _CLOSE = "«", "»"  # beside the colour, so that the mask can be read without colours


def show_preflight(report: PreflightReport, *, rows: int = 1) -> Iterable[RenderableType]:
    stats = report.stats
    checked = f"{count_of(len(report.checks), 'check')}: "
    yield Text.assemble(checked, tally(report.findings))
    learned = f"{show_percent(stats.supervised_tokens / max(1, stats.tokens))} of them learned"
    yield soft(
        f"{count_of(stats.examples, 'example')}, {show_count(stats.tokens)} tokens, "
        f"{'all of them read only' if report.is_read_alone else learned}; "
        f"longest example {show_count(stats.tokens_max)} tokens"
    )
    if stats.left_out or stats.truncated:
        yield soft(f"{count_of(stats.left_out, 'example')} left out, {stats.truncated} cut to length")
    yield from show_findings(report.findings)
    if report.is_read_alone:
        yield Text(report.how_it_learns)
    yield from show_rows(report.rows[:rows])


def show_rows(rows: Sequence[ShownRow]) -> Iterable[RenderableType]:
    if rows:
        yield Text.assemble(
            "What the model sees: ",
            (f"{_OPEN}what it learns to say{_CLOSE}", "good"),
            " and ",
            ("what it reads", "soft"),
        )
    for row in rows:
        yield soft(f"row {row.row}")
        yield Padding(_tokens(row), (0, 0, 0, 2))


def _tokens(row: ShownRow) -> Text:
    shown = Text(overflow="fold")
    inside = False
    for token in row.tokens:
        if token.supervised != inside:
            shown.append(_OPEN if token.supervised else _CLOSE, "good")
            inside = token.supervised
        shown.append(visible(token.text).replace("\n", "\u23ce\n"), _style(token))
    if inside:
        shown.append(_CLOSE, "good")
    shown.rstrip()
    if row.more_tokens:
        shown.append(f" … {count_of(row.more_tokens, 'more token')}".replace("more tokens", "tokens more"), "soft")
    return shown


def _style(token: TokenSpan) -> str:
    if token.kind != "none":
        return "bold green" if token.supervised else "bold dim"
    return "good" if token.supervised else "soft"
