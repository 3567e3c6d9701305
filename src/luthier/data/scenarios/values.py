"""The types of fields and arguments: how each is written, read, and shown to a model."""

import re
from enum import StrEnum
from typing import Any

from luthier.data.scenarios.dice import dice_of
from luthier.domain.scenarios import Value
from luthier.kit.frozen import Frozen

_INTEGER = re.compile(r"[+-]?[0-9]{1,9}")
_NOTHING = ("", "-", "–", "—", "none", "nothing")


class Kind(StrEnum):
    TEXT = "text"
    INTEGER = "integer"
    SIGNED = "signed"  # an integer that is written with its sign
    INTEGERS = "integers"  # separated by commas
    DICE = "dice"
    CHOICE = "choice"
    GAUGE = "gauge"  # 17/24, or 24 for 24/24
    ITEMS = "items"  # separated by commas, or a list of lines


class Slot(Frozen):
    """What an argument or a field may hold."""

    type: Kind
    description: str = ""
    required: bool = False
    default: str = ""  # as one would write it
    choices: tuple[str, ...] = ()
    minimum: int | None = None
    maximum: int | None = None

    @property
    def expected(self) -> str:
        """In words, for a message."""
        match self.type:
            case Kind.CHOICE:
                return " or ".join(self.choices)
            case Kind.INTEGER | Kind.SIGNED | Kind.GAUGE if self.minimum is not None and self.maximum is not None:
                return f"{_WORDS[self.type]} from {self.minimum} to {self.maximum}"
            case Kind.INTEGER | Kind.SIGNED | Kind.GAUGE if self.minimum is not None:
                return f"{_WORDS[self.type]} of at least {self.minimum}"
            case _:
                return _WORDS[self.type]


_WORDS = {
    Kind.TEXT: "a text",
    Kind.INTEGER: "a whole number",
    Kind.SIGNED: "a whole number with its sign, e.g. +3",
    Kind.INTEGERS: "whole numbers, separated by commas",
    Kind.DICE: "dice, e.g. 1d20",
    Kind.CHOICE: "one of several words",
    Kind.GAUGE: "now and at most, e.g. 17/24",
    Kind.ITEMS: "things, separated by commas",
}


def read_value(slot: Slot, text: str) -> Value | None:
    """None when the text is no such value."""
    match slot.type:
        case Kind.TEXT:
            return text.strip() or None
        case Kind.INTEGER | Kind.SIGNED:
            return _within(slot, _integer(text))
        case Kind.INTEGERS:
            numbers = [_integer(part) for part in text.split(",")]
            return None if None in numbers else tuple(number for number in numbers if number is not None)
        case Kind.DICE:
            dice = dice_of(text)
            return str(dice) if dice else None
        case Kind.CHOICE:
            return next((choice for choice in slot.choices if choice.casefold() == text.strip().casefold()), None)
        case Kind.GAUGE:
            return _gauge(slot, text)
        case Kind.ITEMS:
            return () if text.strip().lower() in _NOTHING else _items(text)


def show_value(slot: Slot, value: Value) -> str:
    """As it is written in a file; reading it gives the same value."""
    match value:
        case int():
            return f"{value:+d}" if slot.type is Kind.SIGNED else str(value)
        case tuple() if slot.type is Kind.GAUGE:
            return "/".join(str(part) for part in value)
        case tuple():
            return ", ".join(str(part) for part in value) or "none"
        case _:
            return str(value)


def schema_of(slot: Slot) -> dict[str, Any]:
    """The JSON schema that stands in a tool's definition."""
    schema: dict[str, Any] = {"type": "string"}
    match slot.type:
        case Kind.INTEGER | Kind.SIGNED:
            limits = {"minimum": slot.minimum, "maximum": slot.maximum}
            schema = {"type": "integer", **{name: limit for name, limit in limits.items() if limit is not None}}
        case Kind.INTEGERS | Kind.GAUGE:
            schema = {"type": "array", "items": {"type": "integer"}}
        case Kind.ITEMS:
            schema = {"type": "array", "items": {"type": "string"}}
        case Kind.CHOICE:
            schema["enum"] = list(slot.choices)
        case Kind.TEXT | Kind.DICE:
            pass
    return {**schema, "description": slot.description} if slot.description else schema


def _integer(text: str) -> int | None:
    plain = text.strip().replace("\u2212", "-")  # the sign that word processors write
    return int(plain) if _INTEGER.fullmatch(plain) else None


def _within(slot: Slot, number: int | None) -> int | None:
    if number is None or (slot.minimum is not None and number < slot.minimum):
        return None
    return None if slot.maximum is not None and number > slot.maximum else number


def _gauge(slot: Slot, text: str) -> tuple[int, ...] | None:
    now, slash, most = text.replace(" of ", "/").partition("/")
    numbers = [_within(slot, _integer(part)) for part in ((now, most) if slash else (now, now))]
    if numbers[0] is None or numbers[1] is None or numbers[0] > numbers[1]:
        return None
    return (numbers[0], numbers[1])


def _items(text: str) -> tuple[str, ...] | None:
    parts = [part.strip() for part in text.split(",")]
    return tuple(parts) if all(parts) else None
