"""Parses one JSON value strictly: what other readers would silently change is a fault or a finding here."""

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from luthier.data.fixes import ESCAPE_CONTROLS, NAN_TO_NULL

TOO_NESTED = "It is nested too deeply to be read."


@dataclass(frozen=True, slots=True)
class Parsed:
    value: Any
    end: int  # characters read
    repeated_keys: tuple[str, ...]
    mended: tuple[str, ...] = ()


class JsonFault(ValueError):
    def __init__(self, code: str, sentence: str, position: int = 0, suggestion: str = "", fix: str = "") -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence
        self.position = position  # characters from the beginning
        self.suggestion = suggestion
        self.fix = fix


def parse(text: str, start: int = 0, fixes: frozenset[str] = frozenset()) -> Parsed:
    """One value beginning at `start`; raises JsonFault."""
    try:
        return _parse(text, start, fixes, strict=True)
    except JsonFault as fault:
        if fault.fix != ESCAPE_CONTROLS or ESCAPE_CONTROLS not in fixes:
            raise
    parsed = _parse(text, start, fixes, strict=False)
    return Parsed(parsed.value, parsed.end, parsed.repeated_keys, (*parsed.mended, ESCAPE_CONTROLS))


def parse_whole(text: str, fixes: frozenset[str] = frozenset()) -> Parsed:
    """Like `parse`, with nothing but blanks before and after the value."""
    start = len(text) - len(text.lstrip(" \t\r\n"))
    parsed = parse(text, start, fixes)
    rest = text[parsed.end :].strip(" \t\r\n")
    if rest == ",":
        end = len(text.rstrip(" \t\r\n"))
        raise JsonFault(
            "json_syntax", "A comma follows the value.", end, "Remove the comma at the end.", "strip_trailing_comma"
        )
    if rest:
        raise JsonFault(
            "json_syntax", "More text follows after the value.", parsed.end, "Put each example on a line of its own."
        )
    return parsed


def depth_exceeds(value: Any, limit: int) -> bool:
    """Without recursion, so that no input can exhaust the stack."""
    level = [value]
    for _ in range(limit):
        level = [child for each in level for child in _children(each)]
        if not level:
            return False
    return True


def _parse(text: str, start: int, fixes: frozenset[str], *, strict: bool) -> Parsed:
    repeated: list[str] = []
    mended: list[str] = []

    def gather(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        value = dict(pairs)
        if len(value) < len(pairs):
            repeated.extend(key for key, count in Counter(key for key, _ in pairs).items() if count > 1)
        return value

    constant = _null_for(mended) if NAN_TO_NULL in fixes else _refuse_constant
    decoder = json.JSONDecoder(object_pairs_hook=gather, parse_constant=constant, strict=strict)
    try:
        value, end = decoder.raw_decode(text, start)
    except json.JSONDecodeError as error:
        raise _explained(error, text) from error
    except JsonFault:
        raise
    except ValueError as error:  # Python refuses to turn thousands of digits into a number
        raise JsonFault("json_value", "It holds a number with too many digits.", start) from error
    except RecursionError as error:
        raise JsonFault("too_nested", TOO_NESTED, start) from error
    return Parsed(value, end, tuple(repeated), tuple(mended))


def _children(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


def _refuse_constant(name: str) -> None:
    sentence = f"It holds {name}, which is no JSON value."
    raise JsonFault("json_value", sentence, 0, "Write null, or leave the field out.", NAN_TO_NULL)


def _null_for(mended: list[str]) -> Callable[[str], None]:
    def take(_: str) -> None:
        if not mended:
            mended.append(NAN_TO_NULL)

    return take


def _explained(error: json.JSONDecodeError, text: str) -> JsonFault:
    at = error.pos
    before = text[max(0, at - 200) : at].rstrip()
    found = text[at : at + 1]
    if "Illegal trailing comma" in error.msg:
        at += 1
    if "Illegal trailing comma" in error.msg or (before.endswith(",") and found in ("}", "]")):
        return JsonFault(
            "json_syntax", "A comma stands before the end.", at, "Remove the comma.", "strip_trailing_comma"
        )
    if found == "\ufeff":
        return JsonFault("byte_order_mark", "A byte order mark stands here.", at, fix="strip_bom")
    if found == "'":
        return JsonFault(
            "json_syntax", "It uses single quotes.", at, "JSON needs double quotes; write it with a JSON library."
        )
    if text[at : at + 2] in ("//", "/*") or found == "#":
        return JsonFault("json_comment", "A comment stands here.", at)
    if error.msg.startswith("Invalid control character"):
        return _control(found, at)
    if at >= len(text.rstrip()) or error.msg.startswith("Unterminated string"):
        return JsonFault(
            "json_syntax", "It ends in the middle of a value.", at, "Check that the file was written completely."
        )
    return JsonFault("json_syntax", f"It is not valid JSON ({error.msg[0].lower()}{error.msg[1:]}).", at)


def _control(found: str, at: int) -> JsonFault:
    sentence = f"A text holds the raw control character {repr(found).strip(chr(39))}."
    fix = "remove_nul" if found == "\x00" else ESCAPE_CONTROLS
    return JsonFault("json_syntax", sentence, at, "Write it as an escape, e.g. \\n.", fix)
