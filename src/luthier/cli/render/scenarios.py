"""Scenarios: their findings for people and for editors, an index, and what was written."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from rich.console import RenderableType

from luthier.cli.render.findings import show_findings, tally
from luthier.cli.render.tables import Cell, facts, table
from luthier.cli.render.text import count_of, one_line, plain, soft, visible
from luthier.domain.findings import Finding
from luthier.domain.scenarios import (
    Conversion,
    FormattedFile,
    Pattern,
    ScenarioEntry,
    ScenariosReport,
    Variation,
)

_TITLE_LENGTH = 60
_NAMES_SHOWN = 10


def show_scenarios(report: ScenariosReport) -> Iterable[RenderableType]:
    """Every finding, then the numbers, where a person looks first."""
    yield from show_findings(report.findings)
    if report.findings_left_out:
        yield soft(f"  … and {report.findings_left_out} more")
    pairs: list[tuple[str, Cell]] = [("Checks", tally(report.findings))]
    if report.passed_over:
        more = len(report.passed_over) - _NAMES_SHOWN
        names = ", ".join(report.passed_over[:_NAMES_SHOWN])
        pairs.append(("Passed over", f"{names} and {more} more" if more > 0 else names))
    yield table(
        ("Category", "Scenarios", "Turns", "Calls", "Errors", "Warnings"),
        [_category_row(category or "none", report) for category in report.categories],
        right=("Scenarios", "Turns", "Calls", "Errors", "Warnings"),
    )
    yield facts(pairs)


def editor_lines(report: ScenariosReport, path: Path) -> Iterable[RenderableType]:
    """`path:line:column: level code sentence`, as compilers write it, so that editors can jump there."""
    for finding in report.findings:
        yield visible(_editor_line(finding, path))


def entries_table(entries: Sequence[ScenarioEntry]) -> Iterable[RenderableType]:
    if not entries:
        yield plain("No scenario is like that.")
        return
    yield table(
        ("File", "Title", "Category", "Tags", "Turns", "Calls", "Problems"),
        [
            (
                entry.file,
                one_line(entry.title, _TITLE_LENGTH),
                entry.category,
                ", ".join(entry.tags),
                str(entry.turns),
                str(entry.calls),
                str(entry.errors + entry.warnings or ""),
            )
            for entry in entries
        ],
        right=("Turns", "Calls", "Problems"),
    )


def patterns_table(patterns: Sequence[Pattern]) -> Iterable[RenderableType]:
    rows = [
        (pattern.name, "template" if pattern.is_template else "example", pattern.title, str(pattern.turns))
        for pattern in patterns
    ]
    yield table(("Name", "Kind", "Title", "Turns"), rows, right=("Turns",))
    yield soft("Begin with one of them: luthier scenarios new NAME FILE")


def show_formatted(files: Sequence[FormattedFile], *, only_check: bool) -> Iterable[RenderableType]:
    changed = [file.file for file in files if file.changed]
    yield from (plain(name) for name in changed)
    words = "would change" if only_check else "changed"
    yield soft(f"{count_of(len(changed), 'file')} of {len(files)} {words}.")


def show_variation(variation: Variation) -> Iterable[RenderableType]:
    per_category: dict[str, int] = {}
    for file in variation.files:
        per_category[file.category] = per_category.get(file.category, 0) + 1
    yield plain(f"{count_of(len(variation.files), 'scenario')} written to {variation.folder}.")
    yield facts([(category, str(count)) for category, count in sorted(per_category.items())])
    if variation.equal_left_out:
        yield soft(f"{variation.equal_left_out} more came out like one before and were left out.")


def show_conversion(made: Conversion) -> Iterable[RenderableType]:
    how = "tool messages" if made.as_tools else "text"
    words = f"{count_of(made.examples, 'example')} of {count_of(made.scenarios, 'scenario')}, calls as {how}"
    yield plain(f"{words}: {made.file}")


def _category_row(category: str, report: ScenariosReport) -> list[str]:
    entries = [entry for entry in report.entries if (entry.category or "none") == category]
    sums = [sum(getattr(entry, name) for entry in entries) for name in ("turns", "calls", "errors", "warnings")]
    return [category, str(len(entries)), *(str(each) for each in sums)]


def _editor_line(finding: Finding, path: Path) -> str:
    place = finding.place
    file = path / place.file if place.file and path.is_dir() else path
    spot = f":{place.line}:{place.character or 1}" if place.line is not None else ":1:1"
    return f"{file}{spot}: {finding.level.value} {finding.code} {finding.sentence} {finding.suggestion}".rstrip()
