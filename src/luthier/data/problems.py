"""Gathers what is wrong with one row, each with its place, and checks the fields that every shape has."""

from collections.abc import Iterator
from typing import Any

from luthier.data.characters import oddities
from luthier.data.facts import Trap, advice
from luthier.data.readers.json_values import TOO_NESTED, JsonFault, depth_exceeds, parse_whole
from luthier.domain.findings import Finding, Level, Place

_DEEPEST = 60  # levels of a tool or of a call's arguments; templates and writers walk them by recursion


class Problems:
    def __init__(self, row: int, line: int | None, file: str | None = None) -> None:
        self._row = row
        self._line = line
        self._file = file
        self._traps_seen: set[tuple[str, str]] = set()
        self.findings: list[Finding] = []

    @property
    def has_errors(self) -> bool:
        return any(finding.level is Level.ERROR for finding in self.findings)

    def error(
        self, code: str, sentence: str, column: str | None = None, expected: str = "", suggestion: str = ""
    ) -> None:
        self._add(Level.ERROR, code, sentence, column, expected, suggestion)

    def warn(
        self, code: str, sentence: str, column: str | None = None, expected: str = "", suggestion: str = ""
    ) -> None:
        self._add(Level.WARNING, code, sentence, column, expected, suggestion)

    def text(self, value: Any, column: str) -> str:
        """The value when it is a sound text, else an empty one and a finding. Nothing (null) is an empty text."""
        if value is None:
            return ""
        if not isinstance(value, str):
            self.error("field_type", f"{column!r} holds {kind_of(value)}.", column, "a text", _quoting_hint(value))
            if isinstance(value, int | float) and not isinstance(value, bool):
                self.findings[-1] = self.findings[-1].model_copy(update={"fix": "number_to_text"})
            return ""
        self._check_characters(value, column)
        return value

    def json(self, value: Any, column: str) -> Any:
        """A value that may stand as itself or as JSON in a text; None and a finding when it is neither."""
        if isinstance(value, str):
            try:
                value = parse_whole(value).value
            except JsonFault as fault:
                self.error(
                    "json_in_field", f"{column!r} holds a text that is not JSON. {fault.sentence}", column, "JSON"
                )
                return None
        if depth_exceeds(value, _DEEPEST):
            self.error("too_nested", TOO_NESTED, column, f"at most {_DEEPEST} levels")
            return None
        for text in _texts(value):
            if isinstance(text, bytes):
                self.error("field_type", f"{column!r} holds {kind_of(text)}.", column, "JSON")
                return None
            self._check_characters(text, column)
        return value

    def _check_characters(self, text: str, column: str) -> None:
        for oddity in oddities(text):
            seen = (oddity.trap.code, column)
            if seen not in self._traps_seen:  # once a row and column is enough
                self._traps_seen.add(seen)
                self.findings.append(self._trap(oddity.trap, f"{column!r} {oddity.says}.", column))

    def _place(self, column: str | None) -> Place:
        return Place(file=self._file, row=self._row, line=self._line, column=column)

    def _trap(self, trap: Trap, sentence: str, column: str) -> Finding:
        return Finding(
            code=f"dataset.{trap.code}",
            level=trap.level,
            sentence=sentence,
            place=self._place(column),
            suggestion=trap.suggestion,
            fix=trap.fix,
        )

    def _add(self, level: Level, code: str, sentence: str, column: str | None, expected: str, suggestion: str) -> None:
        self.findings.append(
            Finding(
                code=f"dataset.{code}",
                level=level,
                sentence=sentence,
                place=self._place(column),
                expected=expected,
                suggestion=suggestion or advice(code).suggestion,
                fix=advice(code).fix,
            )
        )


def kind_of(value: Any) -> str:
    match value:
        case None:
            return "nothing"
        case bool():
            return "true or false"
        case int() | float():
            return "a number"
        case str():
            return "a text"
        case bytes():
            return "bytes that are no text"
        case list():
            return "a list"
        case _:
            return "an object"


def _quoting_hint(value: Any) -> str:
    return "Put it in double quotes." if isinstance(value, int | float) else ""


def _texts(value: Any) -> Iterator[str | bytes]:
    if isinstance(value, str | bytes):
        yield value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield key
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
