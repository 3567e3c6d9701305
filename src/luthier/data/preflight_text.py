"""The preflight report as styled spans: whoever prints it decides what a style looks like."""

from collections.abc import Iterator
from typing import Literal, NamedTuple

from luthier.domain.findings import Level
from luthier.domain.preflight import PreflightReport, ShownRow, TokenSpan

Style = Literal[
    "plain", "heading", "learned", "given", "bos", "eos", "pad", "control", "error", "warning", "note", "good"
]


class StyledText(NamedTuple):
    text: str
    style: Style


def report_spans(report: PreflightReport) -> list[StyledText]:
    return [*_findings(report), *(span for row in report.rows for span in row_spans(row))]


def row_spans(row: ShownRow) -> list[StyledText]:
    """Line breaks stay line breaks, after a mark that shows which token they are."""
    spans = [StyledText(f"Row {row.row}\n", "heading")]
    spans += [StyledText(shown_token(token), style_of(token)) for token in row.tokens]
    if row.more_tokens:
        spans.append(StyledText(f" … and {row.more_tokens} more tokens", "note"))
    return [*spans, StyledText("\n\n", "plain")]


def style_of(token: TokenSpan) -> Style:
    match token.kind:
        case "bos" | "eos" | "pad" | "control":
            return token.kind
        case _:
            return "learned" if token.supervised else "given"


def shown_token(token: TokenSpan) -> str:
    """What a terminal or a page may show: line breaks made visible, other control characters spelled out."""
    text = token.text.replace("\n", "⏎\n").replace("\t", "⇥\t")
    return "".join(each if each in "\n\t" or each.isprintable() else f"\\u{ord(each):04x}" for each in text)


def _findings(report: PreflightReport) -> Iterator[StyledText]:
    styles: dict[Level, Style] = {Level.ERROR: "error", Level.WARNING: "warning", Level.NOTE: "note"}
    for finding in report.findings:
        yield StyledText(f"{finding.level.value}: ", styles[finding.level])
        yield StyledText(f"{finding.sentence} ({finding.code})\n", "plain")
    passed = sum(1 for check in report.checks if not check.found)
    yield StyledText(f"{passed} of {len(report.checks)} checks found nothing.\n\n", "good")
