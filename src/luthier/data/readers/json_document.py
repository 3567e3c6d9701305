"""One JSON document: a list of objects, an object that holds such a list, or objects one after the other."""

import re
from collections.abc import Iterator
from typing import Any

from luthier.data.facts import column_facts
from luthier.data.fixes import mended
from luthier.data.readers.content import Content
from luthier.data.readers.encodings import SourceEncoding
from luthier.data.readers.json_values import JsonFault, Parsed, parse
from luthier.data.readers.jsonl import repeated_key_finding
from luthier.data.readers.lines import decoded_chunks
from luthier.data.readers.rows import LARGEST_ROW_BYTES, Row, SourceFault, error_at
from luthier.domain.findings import Finding, Place

_BLANK = " \t\r\n"
_BLANKS = re.compile(r"[ \t\r\n]*")
_MARGIN = 64  # a fault nearer than this to the end of the buffer may only mean that more must be read
_TRAILING_COMMA = "strip_trailing_comma"
_FIXED_HERE = frozenset({"nan_to_null", "escape_controls"})  # others would have to change the text


def json_rows(content: Content, encoding: SourceEncoding, fixes: frozenset[str]) -> Iterator[Row]:
    """Items are parsed one by one from a window of the file. A syntax fault ends the reading: nothing after it has
    a certain meaning."""
    text = _Window(decoded_chunks(content, encoding), fixes)
    rows = _list_rows(text, 0) if text.peek() == "[" else _objects(text)
    number = 0
    for row in rows:
        number = row.number
        yield row
    if text.peek():
        raise SourceFault(text.error_at("json_syntax", "More text follows after the value.", number + 1))


def _objects(text: "_Window") -> Iterator[Row]:
    number = 0
    while text.peek() == "{":
        for row in _object_rows(text, number):
            number = row.number
            yield row


def _list_rows(text: "_Window", number: int) -> Iterator[Row]:
    text.skip("[", number + 1)
    while text.peek() != "]":
        number += 1
        line = text.line
        yield _as_row(text.value(number), number, line)
        if text.peek() == ",":
            _pass_comma(text, number)
        elif text.peek() != "]":
            raise SourceFault(text.error_at("json_syntax", "A comma or the end of the list is missing here.", number))
    text.skip("]", number)


def _pass_comma(text: "_Window", number: int) -> None:
    text.skip(",", number)
    if text.peek() == "]" and not text.lets_commas_end:
        finding = text.error_at("json_syntax", "A comma stands before the end of the list.", number)
        raise SourceFault(finding.model_copy(update={"fix": _TRAILING_COMMA}))


def _object_rows(text: "_Window", number: int) -> Iterator[Row]:
    """The rows of the list inside an object such as {"data": [...]}; an object without such a list is a row itself."""
    line, start = text.line, text.used
    text.skip("{", number + 1)
    members: dict[str, Any] = {}
    inner = number
    list_key = ""
    while text.peek() != "}":
        key = text.value(number + 1).value
        if not isinstance(key, str):
            raise SourceFault(text.error_at("json_syntax", "A field's name must stand in double quotes.", number + 1))
        text.skip(":", number + 1)
        if text.peek() == "[" and key.lower() not in column_facts().parts and text.peek_second() == "{":
            if list_key:
                sentence = f"The document holds two lists, {list_key!r} and {key!r}."
                raise SourceFault(text.error_at("several_lists", sentence, inner + 1))
            list_key = key
            for row in _list_rows(text, inner):
                inner = row.number
                yield row
        else:
            members[key] = text.value(number + 1).value
            if text.used - start > LARGEST_ROW_BYTES:
                raise SourceFault(text.error_at("row_too_large", "The object is too large to be read.", number + 1))
        if text.peek() == ",":
            text.skip(",", number + 1)
        elif text.peek() != "}":
            raise SourceFault(
                text.error_at("json_syntax", "A comma or the end of the object is missing here.", number + 1)
            )
    text.skip("}", number + 1)
    if not list_key:
        yield Row(number + 1, line, members)


def _as_row(parsed: Parsed, number: int, line: int) -> Row:
    if isinstance(parsed.value, dict):
        notes = [mended(fix, Place(row=number, line=line)) for fix in parsed.mended]
        if parsed.repeated_keys:
            notes.append(repeated_key_finding(parsed.repeated_keys, number, line))
        return Row(number, line, parsed.value, tuple(notes))
    expected = 'an object such as {"prompt": "...", "completion": "..."}'
    finding = error_at(
        "row_type", "The list holds a value that is no object.", row=number, line=line, expected=expected
    )
    return Row(number, line, None, (finding,))


class _Window:
    """The part of the text that has been read and not yet used."""

    def __init__(self, chunks: Iterator[str], fixes: frozenset[str]) -> None:
        self._chunks = chunks
        self._fixes = fixes
        self.lets_commas_end = _TRAILING_COMMA in fixes
        self._text = ""
        self._at = 0
        self._ended = False
        self.line = 1
        self.used = 0  # characters

    def peek(self) -> str:
        """The next character that is not blank; empty at the end."""
        while True:
            blanks = _BLANKS.match(self._text, self._at)
            at = blanks.end() if blanks else self._at
            self._use(at)
            if at < len(self._text):
                return self._text[at]
            if not self._more():
                return ""

    def peek_second(self) -> str:
        """The character after the next one, blanks left out."""
        self.peek()
        while True:
            rest = self._text[self._at + 1 :].lstrip(_BLANK)
            if rest or not self._more():
                return rest[:1]

    def skip(self, expected: str, row: int) -> None:
        if self.peek() != expected:
            raise SourceFault(self.error_at("json_syntax", f"{expected!r} is missing here.", row))
        self._use(self._at + 1)

    def value(self, row: int) -> Parsed:
        """The next value, reading on while it may only be incomplete."""
        self.peek()
        while True:
            try:
                parsed = parse(self._text, self._at, self._fixes)
            except JsonFault as fault:
                if self._may_be_incomplete(fault) and self._more():
                    continue
                raise SourceFault(self.error_at(fault.code, fault.sentence, row, fault)) from fault
            if parsed.end == len(self._text) and self._more():  # a number may go on
                continue
            self._use(parsed.end)
            return parsed

    def error_at(self, code: str, sentence: str, row: int, cause: JsonFault | None = None) -> Finding:
        at = max(cause.position, self._at) if cause else self._at
        line = self.line + self._text.count("\n", self._at, at)
        finding = error_at(
            code,
            f"{sentence} Nothing after this place was read.",
            row=row,
            line=line,
            expected="a JSON list of objects",
            suggestion=cause.suggestion if cause else "",
        )
        return finding.model_copy(update={"fix": cause.fix if cause and cause.fix in _FIXED_HERE else ""})

    def _may_be_incomplete(self, fault: JsonFault) -> bool:
        if fault.code != "json_syntax":
            return False
        return "middle of a value" in fault.sentence or fault.position > len(self._text) - _MARGIN

    def _use(self, upto: int) -> None:
        self.line += self._text.count("\n", self._at, upto)
        self.used += upto - self._at
        self._at = upto

    def _more(self) -> bool:
        """Reads at least as much as is held, so that a long value is not parsed again for every chunk."""
        if self._ended:
            return False
        held = self._text[self._at :]
        if len(held) > LARGEST_ROW_BYTES:
            raise SourceFault(error_at("row_too_large", "A value is too large to be read.", line=self.line))
        pieces = [held]
        wanted = min(max(len(held), 1), LARGEST_ROW_BYTES - len(held) + 1)
        while wanted > 0:
            chunk = next(self._chunks, None)
            if chunk is None:
                self._ended = True
                break
            pieces.append(chunk)
            wanted -= len(chunk)
        if len(pieces) > 1:
            self._text = "".join(pieces)
            self._at = 0
        return len(pieces) > 1
