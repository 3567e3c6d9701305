"""The arithmetic of answers: what the grammar's checks demand of a tool's fields, and how a new roll settles them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import assert_never

from luthier.data.scenarios.dice import Dice, dice_of
from luthier.data.scenarios.grammar import Equal, Sum, Threshold, Throw, Tool
from luthier.data.scenarios.values import read_value, show_value
from luthier.domain.scenarios import Value


@dataclass(frozen=True, slots=True)
class Wrong:
    """One field that a check does not accept."""

    code: str
    field: str
    sentence: str
    right: Value | None  # what the field would have to be; None where several would do


def wrongs(tool: Tool, arguments: Mapping[str, Value], fields: Mapping[str, Value]) -> list[Wrong]:
    """Of fields that are each of the right type. What follows from a wrong field is judged by the right one.

    A check whose fields are not there finds nothing.
    """
    found: list[Wrong] = []
    believed = dict(fields)
    for check in tool.checks:
        wrong = _wrong(tool, check, arguments, believed)
        if wrong is not None:
            found.append(wrong)
        if wrong is not None and wrong.right is not None:
            believed[wrong.field] = wrong.right
        elif wrong is not None:
            believed.pop(wrong.field, None)
        elif isinstance(check, Sum) and not _has_terms(check, believed):
            believed.pop(check.result, None)
    return found


def workings(tool: Tool, arguments: Mapping[str, Value], fields: Mapping[str, Value]) -> list[str]:
    """How a sound answer comes out, a step each, e.g. `rolls 10 plus modifier 3 makes 13`."""
    given = with_defaults(tool, arguments)
    told: list[str] = []
    for check in tool.checks:
        match check:
            case Throw() if check.rolls in fields and check.dice in fields:
                told.append(f"{fields[check.dice]} shows {show_value(tool.results[check.rolls], fields[check.rolls])}")
            case Sum() if check.result in fields and _has_terms(check, fields):
                told.append(f"{_terms(check, fields)} makes {fields[check.result]}")
            case Threshold() if check.against in given and check.value in fields and check.result in fields:
                reached = f"{fields[check.value]} against {check.against} {given[check.against]}"
                told.append(f"{reached} is a {fields[check.result]}")
            case _:
                pass
    return told


def with_defaults(tool: Tool, arguments: Mapping[str, Value]) -> dict[str, Value]:
    """The arguments as the tool receives them."""
    full: dict[str, Value] = {}
    for name, slot in tool.arguments.items():
        value = arguments.get(name, read_value(slot, slot.default) if slot.default else None)
        if value is not None:
            full[name] = value
    return full


def settled(
    tool: Tool, arguments: Mapping[str, Value], fields: Mapping[str, Value], die: Callable[[int, int], int]
) -> dict[str, Value]:
    """The fields after a new throw; `die(sides, position)` says what each die shows."""
    new = dict(fields)
    given = with_defaults(tool, arguments)
    for check in tool.checks:
        match check:
            case Throw():
                dice = _dice(new, check.dice)
                new[check.rolls] = tuple(die(dice.sides, position) for position in range(dice.count))
            case Sum():
                new[check.result] = _sum(check, new)
            case Threshold() if check.against in given and check.result in fields:
                new[check.result] = _outcome(check, new, given)
            case Threshold() | Equal():
                pass
            case _:
                assert_never(check)
    return new


def _wrong(
    tool: Tool, check: Equal | Throw | Sum | Threshold, arguments: Mapping[str, Value], fields: Mapping[str, Value]
) -> Wrong | None:
    given = with_defaults(tool, arguments)
    match check:
        case Equal():
            return _wrong_echo(tool, check, given, fields)
        case Throw():
            return _wrong_throw(check, fields)
        case Sum():
            if check.result not in fields or not _has_terms(check, fields):
                return None
            total = _sum(check, fields)
            if fields[check.result] == total:
                return None
            sentence = f"The {check.result} is {fields[check.result]}, but {_terms(check, fields)} makes {total}."
            return Wrong("total_wrong", check.result, sentence, total)
        case Threshold():
            return _wrong_outcome(check, given, fields)
        case _:
            assert_never(check)


def _wrong_echo(tool: Tool, check: Equal, given: Mapping[str, Value], fields: Mapping[str, Value]) -> Wrong | None:
    asked = given.get(check.argument)
    if asked is None or check.result not in fields or fields[check.result] == asked:
        return None
    slot = tool.results[check.result]
    was = show_value(slot, fields[check.result])
    sentence = f"The {check.result} is {was}, but the call has {check.argument}={show_value(slot, asked)}."
    return Wrong("answer_differs", check.result, sentence, asked)


def _wrong_throw(check: Throw, fields: Mapping[str, Value]) -> Wrong | None:
    rolls = fields.get(check.rolls)
    if not isinstance(rolls, tuple) or check.dice not in fields:
        return None
    dice = _dice(fields, check.dice)
    if len(rolls) != dice.count:
        sentence = f"There are {len(rolls)} rolls, but {dice} throws {dice.count}."
        return Wrong("rolls_count", check.rolls, sentence, None)
    outside = [roll for roll in rolls if not 1 <= int(roll) <= dice.sides]
    if outside:
        sentence = f"A die of {dice.sides} sides cannot show {outside[0]}."
        return Wrong("rolls_range", check.rolls, sentence, None)
    return None


def _wrong_outcome(check: Threshold, given: Mapping[str, Value], fields: Mapping[str, Value]) -> Wrong | None:
    if check.against not in given or check.value not in fields:
        return None
    right = _outcome(check, fields, given)
    reached = f"{fields[check.value]} against {check.against} {given[check.against]}"
    if check.result not in fields:
        return Wrong("outcome_missing", check.result, f"Nothing says what came of {reached}.", right)
    if fields[check.result] == right:
        return None
    sentence = f"The {check.result} is {fields[check.result]}, but {reached} is a {right}."
    return Wrong("outcome_wrong", check.result, sentence, right)


def _outcome(check: Threshold, fields: Mapping[str, Value], given: Mapping[str, Value]) -> str:
    return check.reached if _number(fields[check.value]) >= _number(given[check.against]) else check.missed


def _has_terms(check: Sum, fields: Mapping[str, Value]) -> bool:
    return all(name in fields for name in (*check.plus, *check.minus))


def _sum(check: Sum, fields: Mapping[str, Value]) -> int:
    plus = sum(_term(check, name, fields) for name in check.plus)
    return plus - sum(_term(check, name, fields) for name in check.minus)


def _term(check: Sum, name: str, fields: Mapping[str, Value]) -> int:
    value = fields[name]
    if not isinstance(value, tuple):
        return _number(value)
    rolls = [int(roll) for roll in value]
    return sum(_dice(fields, check.dice).kept(rolls) if check.dice in fields else rolls)


def _terms(check: Sum, fields: Mapping[str, Value]) -> str:
    """E.g. `rolls 14 plus modifier 3`."""
    plus = " plus ".join(f"{name} {_term(check, name, fields)}" for name in check.plus)
    return " minus ".join([plus, *(f"{name} {_term(check, name, fields)}" for name in check.minus)])


def _dice(fields: Mapping[str, Value], name: str) -> Dice:
    dice = dice_of(str(fields[name]))
    assert dice is not None  # a field of this type holds dice, or is not there
    return dice


def _number(value: Value) -> int:
    assert isinstance(value, int)  # the grammar's checks name fields of this type only
    return value
