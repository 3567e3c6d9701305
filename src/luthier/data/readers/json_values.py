"""Parses one JSON value strictly: what other readers would silently change is a fault or a finding here."""

import json
from collections import Counter
from dataclasses import dataclass
from typing import Any

TOO_NESTED = "It is nested too deeply to be read."


@dataclass(frozen=True, slots=True)
class Parsed:
    value: Any
    end: int  # characters read
    repeated_keys: tuple[str, ...]


class JsonFault(ValueError):
    def __init__(self, code: str, sentence: str, position: int = 0, suggestion: str = "") -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence
        self.position = position  # characters from the beginning
        self.suggestion = suggestion


def parse(text: str, start: int = 0) -> Parsed:
    """One value beginning at `start`; raises JsonFault."""
    repeated: list[str] = []

    def gather(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        value = dict(pairs)
        if len(value) < len(pairs):
            repeated.extend(key for key, count in Counter(key for key, _ in pairs).items() if count > 1)
        return value

    decoder = json.JSONDecoder(object_pairs_hook=gather, parse_constant=_refuse_constant)
    try:
        value, end = decoder.raw_decode(text, start)
    except json.JSONDecodeError as error:
        raise JsonFault("json_syntax", *_explained(error, text)) from error
    except JsonFault:
        raise
    except ValueError as error:  # Python refuses to turn thousands of digits into a number
        raise JsonFault("json_value", "It holds a number with too many digits.", start) from error
    except RecursionError as error:
        raise JsonFault("too_nested", TOO_NESTED, start) from error
    return Parsed(value, end, tuple(repeated))


def parse_whole(text: str) -> Parsed:
    """Like `parse`, with nothing but blanks before and after the value."""
    start = len(text) - len(text.lstrip(" \t\r\n"))
    parsed = parse(text, start)
    rest = text[parsed.end :].strip(" \t\r\n")
    if rest == ",":
        raise JsonFault("json_syntax", "A comma follows the value.", parsed.end, "Remove the comma at the end.")
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


def _children(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


def _refuse_constant(name: str) -> None:
    raise JsonFault("json_value", f"It holds {name}, which is no JSON value.", 0, "Write null, or leave the field out.")


def _explained(error: json.JSONDecodeError, text: str) -> tuple[str, int, str]:
    before = text[: error.pos].rstrip()
    found = text[error.pos : error.pos + 1]
    if "Illegal trailing comma" in error.msg or (before.endswith(",") and found in ("}", "]")):
        return "A comma stands before the end.", error.pos, "Remove the comma."
    if found == "'":
        return "It uses single quotes.", error.pos, "JSON needs double quotes; write it with a JSON library."
    if error.msg.startswith("Invalid control character"):
        shown = repr(found).strip("'")
        return f"A text holds the raw control character {shown}.", error.pos, "Write it as an escape, e.g. \\n."
    if error.pos >= len(text.rstrip()) or error.msg.startswith("Unterminated string"):
        return "It ends in the middle of a value.", error.pos, "Check that the file was written completely."
    return f"It is not valid JSON ({error.msg[0].lower()}{error.msg[1:]}).", error.pos, ""
