"""Checks a folder of scenarios in one pass: an index of its files, and every finding with its place."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from luthier.data.scenarios.files import Found, ScenarioFile, find_scenarios, read_text
from luthier.data.scenarios.grammar import Grammar
from luthier.data.scenarios.quality import Quality
from luthier.data.scenarios.read import Reading, read_scenario
from luthier.domain.findings import Finding, Level
from luthier.domain.scenarios import ScenarioEntry, ScenariosReport, Speaker

_FINDINGS_PER_CODE = 1000


def check_scenarios(path: Path, grammar: Grammar) -> ScenariosReport:
    found = find_scenarios(path)
    quality = Quality(grammar.categories)
    entries: list[ScenarioEntry] = []
    tally = _Tally()
    for file in found.scenarios:
        reading = read_file(file, grammar)
        if isinstance(reading, Finding):
            tally.take([reading])
            entries.append(_unread(file.name))
            continue
        findings = [*reading.findings, *quality.look_at(reading, file.name)]
        tally.take(findings)
        entries.append(entry_of(reading, file.name, findings))
    tally.take(quality.close())
    return _report(path, found, entries, tally)


def check_text(text: str, name: str, grammar: Grammar) -> ScenariosReport:
    """The same for one text that is not in a file yet."""
    reading = read_scenario(text, grammar, name)
    entry = entry_of(reading, name, reading.findings)
    return ScenariosReport(source=name, entries=(entry,), passed_over=(), findings=reading.findings)


def read_file(file: ScenarioFile, grammar: Grammar) -> Reading | Finding:
    """A finding when it holds no text."""
    text = read_text(file)
    return text if isinstance(text, Finding) else read_scenario(text, grammar, file.name)


def entry_of(reading: Reading, name: str, findings: Iterable[Finding]) -> ScenarioEntry:
    outline = reading.outline
    levels = Counter(finding.level for finding in findings)
    return ScenarioEntry(
        file=name,
        title=outline.title,
        category=outline.category,
        tags=outline.tags,
        characters=len(outline.party),
        turns=sum(1 for turn in outline.turns if turn.speaker is not Speaker.TOOLCALL),
        calls=outline.calls,
        errors=levels[Level.ERROR],
        warnings=levels[Level.WARNING],
    )


class _Tally:
    def __init__(self) -> None:
        self.findings: list[Finding] = []
        self.left_out = 0
        self._per_code: Counter[str] = Counter()

    def take(self, findings: Iterable[Finding]) -> None:
        for finding in findings:
            self._per_code[finding.code] += 1
            if self._per_code[finding.code] <= _FINDINGS_PER_CODE:
                self.findings.append(finding)
            else:
                self.left_out += 1


def _unread(name: str) -> ScenarioEntry:
    return ScenarioEntry(
        file=name, title="", category="", tags=(), characters=0, turns=0, calls=0, errors=1, warnings=0
    )


def _report(path: Path, found: Found, entries: Iterable[ScenarioEntry], tally: _Tally) -> ScenariosReport:
    return ScenariosReport(
        source=str(path),
        entries=tuple(entries),
        passed_over=found.passed_over,
        findings=tuple(tally.findings),
        findings_left_out=tally.left_out,
    )
