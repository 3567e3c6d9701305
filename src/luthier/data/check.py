"""Checks a source in one streaming pass: examples and findings as they come, and at the end a report."""

from collections import Counter
from collections.abc import Iterator
from itertools import chain, islice
from pathlib import Path
from typing import Any

from luthier.data.canonical import to_dict
from luthier.data.convert import convert
from luthier.data.facts import column_facts
from luthier.data.readers.open import open_rows
from luthier.data.readers.rows import Row
from luthier.data.shapes import SAMPLE_ROWS, detect_mapping, parts_of
from luthier.domain.datasets import DatasetEmpty, DatasetReport, Example, Mapping, Shape
from luthier.domain.findings import Finding, Level, Place

_FINDINGS_PER_CODE = 1000
_PREVIEWS = 5
_PREVIEW_CHARACTERS = 4_000


def check_source(path: Path, shape: str | None = None, columns: dict[str, str] | None = None) -> DatasetReport:
    """The report of a file. Raises only when it cannot be read as rows at all, or fits no shape."""
    scan = Scan(path, shape, columns)
    for _ in scan:
        pass
    return scan.report()


def load_examples(
    path: Path, shape: str | None = None, columns: dict[str, str] | None = None
) -> Iterator[Example | Finding]:
    return iter(Scan(path, shape, columns))


class Scan:
    """Iterate once, then ask for the report; both together cost one reading of the file."""

    def __init__(self, path: Path, shape: str | None = None, columns: dict[str, str] | None = None) -> None:
        self._source = open_rows(path)
        self._rows = self._source.rows()
        self._head = list(islice(self._rows, SAMPLE_ROWS))
        readable = [row.value for row in self._head if row.value is not None]
        self._tally = _Tally()
        self.mapping: Mapping | None = None
        if readable:
            self.mapping = detect_mapping(path, readable, shape, columns)
        elif not self._head:
            raise DatasetEmpty(source=path)

    def __iter__(self) -> Iterator[Example | Finding]:
        for row in chain(self._head, self._rows):
            self._tally.rows += row.number > 0
            findings, example = self._converted(row)
            for finding in findings:
                self._tally.note(finding)
                yield finding
            if example is not None:
                self._tally.count(example)
                yield example
        for finding in self._closing_notes():
            self._tally.note(finding)
            yield finding

    def report(self) -> DatasetReport:
        tally = self._tally
        return DatasetReport(
            source=str(self._source.path),
            source_bytes=self._source.source_bytes,
            encoding=self._source.encoding,
            mapping=self.mapping or Mapping(shape=Shape.TEXT, columns={}, confidence=0.0, reason="no row can be read"),
            rows=tally.rows,
            examples=tally.examples,
            turns_mean=tally.turns / tally.examples if tally.examples else 0.0,
            characters_p50=tally.median_characters(),
            characters_max=max(tally.characters, default=0),
            findings=tuple(tally.findings),
            findings_left_out=tally.findings_left_out,
            previews=tuple(tally.previews),
        )

    def _converted(self, row: Row) -> tuple[tuple[Finding, ...], Example | None]:
        if self.mapping is None or row.value is None:
            return row.findings, None
        converted = convert(row, self.mapping)
        self._tally.labelled_bad += converted.left_out == "labelled bad"
        unused = self._unused_parts(row.value)
        if unused and unused not in self._tally.unused_columns:
            self._tally.unused_columns.add(unused)
            return (*converted.findings, _unused_column(unused, row)), converted.example
        return converted.findings, converted.example

    def _unused_parts(self, row: dict[str, Any]) -> str:
        """A column that this shape knows and that appears only after the rows by which the mapping was made."""
        assert self.mapping is not None
        used = self.mapping.columns.values()
        for column in row:
            if column in used or row[column] in (None, "", []):
                continue
            parts = (part for part, names in column_facts().parts.items() if column.lower() in names.sure)
            if any(part in parts_of(self.mapping.shape) and part not in self.mapping.columns for part in parts):
                return column
        return ""

    def _closing_notes(self) -> Iterator[Finding]:
        tally = self._tally
        if self.mapping is None:
            return
        if self.mapping.shape is Shape.PREFERENCE and tally.examples:
            yield _note(
                "preference_chosen",
                f"Each of the {tally.examples} examples is trained on its chosen answer; the rejected one is not used.",
            )
        if self.mapping.shape is Shape.LABELLED:
            yield _note(
                "labelled_good",
                f"{tally.examples} examples are labelled good and are trained on; "
                f"{tally.labelled_bad} are labelled bad and are left out.",
            )


class _Tally:
    def __init__(self) -> None:
        self.rows = 0
        self.examples = 0
        self.turns = 0
        self.labelled_bad = 0
        self.characters: Counter[int] = Counter()
        self.findings: list[Finding] = []
        self.findings_left_out = 0
        self.previews: list[dict[str, Any]] = []
        self.unused_columns: set[str] = set()
        self._per_code: Counter[str] = Counter()

    def note(self, finding: Finding) -> None:
        self._per_code[finding.code] += 1
        if self._per_code[finding.code] <= _FINDINGS_PER_CODE:
            self.findings.append(finding)
        else:
            self.findings_left_out += 1

    def count(self, example: Example) -> None:
        self.examples += 1
        self.turns += len(example.messages)
        self.characters[len(example.text) + sum(len(message.content) for message in example.messages)] += 1
        if len(self.previews) < _PREVIEWS:
            self.previews.append(_shortened(to_dict(example)))

    def median_characters(self) -> int:
        passed = 0
        for length, count in sorted(self.characters.items()):
            passed += count
            if 2 * passed >= self.examples:
                return length
        return 0


def _shortened(value: Any) -> Any:
    """A report is kept and shown: it quotes examples, it does not repeat books."""
    match value:
        case str() if len(value) > _PREVIEW_CHARACTERS:
            return value[:_PREVIEW_CHARACTERS] + "…"
        case dict():
            return {key: _shortened(item) for key, item in value.items()}
        case list():
            return [_shortened(item) for item in value]
        case _:
            return value


def _note(code: str, sentence: str) -> Finding:
    return Finding(code=f"dataset.{code}", level=Level.NOTE, sentence=sentence)


def _unused_column(column: str, row: Row) -> Finding:
    return Finding(
        code="dataset.column_unused",
        level=Level.WARNING,
        sentence=f"The column {column!r} is not used, because the first {SAMPLE_ROWS} rows do not have it.",
        place=Place(row=row.number, line=row.line, column=column),
        suggestion=f"Move such a row to the beginning, or say which part it is with --map PART={column}.",
    )
