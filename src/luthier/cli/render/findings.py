"""Findings and actions: what was found, where, and what to do about it."""

from collections.abc import Iterable, Sequence

from rich.console import RenderableType
from rich.padding import Padding
from rich.text import Text

from luthier.cli.render.text import count_of, plain, soft, visible
from luthier.domain.errors import Action
from luthier.domain.findings import Finding, Level

STYLES = {Level.ERROR: "bad", Level.WARNING: "warn", Level.NOTE: "soft"}
INDENT = (0, 0, 0, 2)
_SHOWN_PER_CODE = 5  # a thousand rows with the same fault need no thousand lines


def show_findings(findings: Sequence[Finding]) -> Iterable[RenderableType]:
    """Errors first; of each kind the first few, then how many more there are."""
    for level in Level:
        of_level = [finding for finding in findings if finding.level is level]
        for code in dict.fromkeys(finding.code for finding in of_level):
            same = [finding for finding in of_level if finding.code == code]
            for finding in same[:_SHOWN_PER_CODE]:
                yield from show_finding(finding)
            if len(same) > _SHOWN_PER_CODE:
                yield soft(f"  … and {len(same) - _SHOWN_PER_CODE} more like this ({code})")


def show_finding(finding: Finding) -> Iterable[RenderableType]:
    place = f"{finding.place}: " if str(finding.place) else ""
    yield Text.assemble((f"{finding.level.value}: ", STYLES[finding.level]), visible(place + finding.sentence))
    if finding.expected:
        yield Padding(soft(f"expected {finding.expected}"), INDENT)
    if finding.suggestion:
        yield Padding(soft(finding.suggestion), INDENT)
    if finding.fix:
        yield Padding(soft(f"--fix {finding.fix} does it"), INDENT)
    yield from show_actions(finding.actions)


def show_actions(actions: Iterable[Action]) -> Iterable[RenderableType]:
    for action in actions:
        yield Padding(plain(f"{action.label}{':' if action.command else ''}"), INDENT)
        if action.command:
            yield plain(f"    {action.command}", "command")


def tally(findings: Sequence[Finding]) -> Text:
    """E.g. `no errors, 2 warnings`, in the colour of the worst."""
    errors = sum(1 for finding in findings if finding.level is Level.ERROR)
    warnings = sum(1 for finding in findings if finding.level is Level.WARNING)
    style = "bad" if errors else "warn" if warnings else "good"
    words = count_of(errors, "error") if errors else "no errors"
    return Text(f"{words}, {count_of(warnings, 'warning')}" if warnings else words, style)
