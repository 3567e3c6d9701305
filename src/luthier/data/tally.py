"""What a check counts and keeps, in memory that does not grow with the source."""

from collections import Counter
from typing import Any

import numpy as np

from luthier.data.canonical import to_dict
from luthier.data.plain_blocks import Counts
from luthier.domain.datasets import Example
from luthier.domain.findings import Finding
from luthier.kit.frozen import Frozen

_FINDINGS_PER_CODE = 1000
_PREVIEWS = 5
_PREVIEW_CHARACTERS = 4_000
_PREVIEW_ITEMS = 60
_FINDING_CHARACTERS = 600
_EXACT_BITS = 16  # lengths up to 65,535 are counted exactly, longer ones with an error below 0.1 %
_KEPT_BITS = 11
_UNUSED_COLUMNS = 100
_COUNTS = ("rows", "examples", "turns", "labelled_bad", "characters_max", "findings_left_out")


class TallyState(Frozen):
    """A tally as data."""

    counts: dict[str, int]
    findings: tuple[Finding, ...]
    previews: tuple[dict[str, Any], ...]
    unused_columns: tuple[str, ...]
    lengths: dict[int, int]
    per_code: dict[str, int]


class Tally:
    def __init__(self) -> None:
        self.rows = 0
        self.examples = 0
        self.turns = 0
        self.labelled_bad = 0
        self.characters_max = 0
        self.findings: list[Finding] = []
        self.findings_left_out = 0
        self.previews: list[dict[str, Any]] = []
        self._unused_columns: set[str] = set()
        self._lengths: Counter[int] = Counter()
        self._per_code: Counter[str] = Counter()

    @classmethod
    def of(cls, state: TallyState) -> "Tally":
        tally = cls()
        for name in _COUNTS:
            setattr(tally, name, state.counts[name])
        tally.findings = list(state.findings)
        tally.previews = list(state.previews)
        tally._unused_columns = set(state.unused_columns)
        tally._lengths = Counter(state.lengths)
        tally._per_code = Counter(state.per_code)
        return tally

    def state(self) -> TallyState:
        return TallyState(
            counts={name: getattr(self, name) for name in _COUNTS},
            findings=tuple(self.findings),
            previews=tuple(self.previews),
            unused_columns=tuple(sorted(self._unused_columns)),
            lengths=dict(self._lengths),
            per_code=dict(self._per_code),
        )

    def is_new(self, column: str) -> bool:
        """True the first time; after a hundred columns, of which nobody will read more, never."""
        if column in self._unused_columns or len(self._unused_columns) >= _UNUSED_COLUMNS:
            return False
        self._unused_columns.add(column)
        return True

    def note(self, finding: Finding) -> None:
        self._per_code[finding.code] += 1
        if self._per_code[finding.code] <= _FINDINGS_PER_CODE:
            self.findings.append(finding)
        else:
            self.findings_left_out += 1

    def count(self, example: Example) -> None:
        self.examples += 1
        self.turns += len(example.messages)
        length = len(example.text) + sum(len(message.content) for message in example.messages)
        self.characters_max = max(self.characters_max, length)
        self._lengths[_rounded(length)] += 1
        if len(self.previews) < _PREVIEWS:
            self.previews.append(_shortened(to_dict(example)))

    @property
    def has_previews(self) -> bool:
        return len(self.previews) == _PREVIEWS

    def add(self, rows: int, counts: Counts) -> None:
        """Rows of which each is an example."""
        self.rows += rows
        self.examples += rows
        self.turns += counts.turns
        self.characters_max = max(self.characters_max, int(counts.lengths.max()))
        for length, count in zip(*np.unique(counts.lengths, return_counts=True), strict=True):
            self._lengths[_rounded(int(length))] += int(count)

    def median_characters(self) -> int:
        passed = 0
        for length, count in sorted(self._lengths.items()):
            passed += count
            if 2 * passed >= self.examples:
                return length
        return 0


def clipped(finding: Finding) -> Finding:
    """A finding may quote the source, but not repeat it."""
    changes: dict[str, Any] = {
        name: text[: _FINDING_CHARACTERS - 1] + "…"
        for name in ("sentence", "expected", "suggestion")
        if len(text := getattr(finding, name)) > _FINDING_CHARACTERS
    }
    column = finding.place.column
    if column and len(column) > _FINDING_CHARACTERS:
        changes["place"] = finding.place.model_copy(update={"column": column[: _FINDING_CHARACTERS - 1] + "…"})
    return finding.model_copy(update=changes) if changes else finding


def _rounded(length: int) -> int:
    shift = length.bit_length() - _KEPT_BITS
    return length if length.bit_length() <= _EXACT_BITS else length >> shift << shift


def _shortened(value: Any) -> Any:
    """A report is kept and shown: it quotes examples, it does not repeat books."""
    match value:
        case str() if len(value) > _PREVIEW_CHARACTERS:
            return value[:_PREVIEW_CHARACTERS] + "…"
        case dict():
            return {key[:_PREVIEW_CHARACTERS]: _shortened(value[key]) for key in list(value)[:_PREVIEW_ITEMS]}
        case list():
            return [_shortened(item) for item in value[:_PREVIEW_ITEMS]]
        case _:
            return value
