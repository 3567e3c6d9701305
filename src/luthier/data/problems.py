"""Gathers what is wrong with one row, each with its place, and checks the fields that every shape has."""

from collections.abc import Iterator
from typing import Any

from luthier.data.readers.json_values import TOO_NESTED, JsonFault, depth_exceeds, parse_whole
from luthier.domain.findings import Finding, Level, Place

_DEEPEST = 60  # levels of a tool or of a call's arguments; templates and writers walk them by recursion


class Problems:
    def __init__(self, row: int, line: int | None) -> None:
        self._row = row
        self._line = line
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
            self._check_characters(text, column)
        return value

    def _check_characters(self, text: str, column: str) -> None:
        if "\x00" in text:
            self.error("nul_character", f"{column!r} holds the character NUL.", column, suggestion="Remove it.")
        if not text.isascii() and not _encodable(text):
            self.error(
                "lone_surrogate",
                f"{column!r} holds half a character (a lone surrogate), which no encoding can store.",
                column,
                suggestion="It comes from a text that was cut inside an emoji; restore or remove it.",
            )

    def _add(self, level: Level, code: str, sentence: str, column: str | None, expected: str, suggestion: str) -> None:
        place = Place(row=self._row, line=self._line, column=column)
        self.findings.append(
            Finding(
                code=f"dataset.{code}",
                level=level,
                sentence=sentence,
                place=place,
                expected=expected,
                suggestion=suggestion,
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
        case list():
            return "a list"
        case _:
            return "an object"


def _quoting_hint(value: Any) -> str:
    return "Put it in double quotes." if isinstance(value, int | float) else ""


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield key
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
