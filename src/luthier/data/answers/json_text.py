"""Whether a text can still become one JSON object, told character by character."""

import re
from typing import NamedTuple

_SPACES = " \t\n\r"
_MOST_SPACES = 16  # in a row between the parts; a model that writes only those would never end
_LITERALS = {"t": "rue", "f": "alse", "n": "ull"}
_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?")
_NUMBER_BEGUN = re.compile(r"-?(?:(?:0|[1-9]\d*)(?:\.\d*|(?:\.\d+)?[eE][+-]?\d*)?)?")
_CLOSES = {"{": "}", "[": "]"}


class JsonText(NamedTuple):
    """A place in a JSON text. What `after` returns is a place as well, or None where the text went wrong."""

    open: str = ""  # the braces and brackets that are open, the innermost last
    expects: str = "object"
    part: str = ""  # of the number or word that is being written, or how many hexadecimal digits are missing
    spaces: int = 0

    @property
    def is_whole(self) -> bool:
        return self.expects == "end"

    @property
    def is_in_string(self) -> bool:
        return self.expects in ("string", "key text")

    def after(self, text: str) -> "JsonText | None":
        place: JsonText | None = self
        for character in text:
            if place is None:
                return None
            place = place._next(character)
        return place

    def _next(self, character: str) -> "JsonText | None":
        match self.expects:
            case "string" | "key text" | "string escape" | "key text escape":
                return self._in_string(character)
            case "number":
                return self._in_number(character)
            case "word":
                return self._in_word(character)
        if character in _SPACES:
            spaces = self.spaces + 1
            return self._replace(spaces=spaces) if spaces <= _MOST_SPACES and self.open else None
        return self._replace(spaces=0)._between(character)

    def _between(self, character: str) -> "JsonText | None":
        match self.expects, character:
            case "object", "{":
                return JsonText("{", "key or end")
            case (("key or end" | "key"), '"'):
                return self._replace(expects="key text")
            case "colon", ":":
                return self._replace(expects="value")
            case "next", ",":
                return self._replace(expects="key" if self.open[-1] == "{" else "value")
            case (("key or end" | "value or end" | "next"), ("}" | "]")):
                return self._closed(character)
            case (("value" | "value or end"), _):
                return self._value(character)
        return None

    def _value(self, character: str) -> "JsonText | None":
        if character == '"':
            return self._replace(expects="string")
        if character in _CLOSES:
            inner = "key or end" if character == "{" else "value or end"
            return JsonText(self.open + character, inner)
        if character in _LITERALS:
            return self._replace(expects="word", part=_LITERALS[character])
        return self._replace(expects="number", part="")._in_number(character)

    def _closed(self, character: str) -> "JsonText | None":
        if _CLOSES[self.open[-1]] != character:
            return None
        return JsonText(self.open[:-1], "next" if len(self.open) > 1 else "end")

    def _in_string(self, character: str) -> "JsonText | None":
        kind = self.expects.removesuffix(" escape")
        if self.part:  # hexadecimal digits that are missing
            left = "x" * (len(self.part) - 1)
            return self._replace(part=left) if character in "0123456789abcdefABCDEF" else None
        if self.expects.endswith(" escape"):
            part = "xxxx" if character == "u" else ""
            return self._replace(expects=kind, part=part) if character in '"\\/bfnrtu' else None
        if character == '"':
            return self._replace(expects="next" if kind == "string" else "colon")
        if character == "\\":
            return self._replace(expects=f"{kind} escape")
        return self if character >= " " else None

    def _in_number(self, character: str) -> "JsonText | None":
        longer = self.part + character
        if _NUMBER_BEGUN.fullmatch(longer):
            return self._replace(part=longer)
        if not _NUMBER.fullmatch(self.part):
            return None
        return self._replace(expects="next", part="")._next(character)

    def _in_word(self, character: str) -> "JsonText | None":
        if self.part[:1] != character:
            return None
        left = self.part[1:]
        return self._replace(expects="word" if left else "next", part=left)
