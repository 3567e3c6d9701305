"""Whether an answer calls the function that it should, with those arguments, and adds up rightly."""

import json
import re
from typing import Any, NamedTuple

_INLINE = re.compile(r"\[(\w+):\s*([^\]]*)\]")  # a scenario's way to write a call: [roll: stealth dc=15]
_SUM = re.compile(r"(?<![\w.])(\d+(?:\s*[+−-]\s*\d+)+)\s*=\s*(-?\d+)(?!\w|\.\d)")


class Call(NamedTuple):
    name: str
    arguments: dict[str, Any]


class Judged(NamedTuple):
    value: float
    why: str


def judge_calls(expected: str, answer: str) -> Judged:
    """One third each for the function, its arguments and the sums that the answer writes.

    Calls that are expected are looked for in their order; one that nobody asked for counts as wrong. A sum that does
    not hold costs the last third; an answer that writes none has none wrong.
    """
    wanted, made = calls_in(expected), calls_in(answer)
    sums = wrong_sums(answer)
    if not wanted:
        value = 0.0 if made else 1.0
        return Judged(value, f"calls {made[0].name}, and nothing was to be called" if made else "")
    if not made:
        return Judged(0.0, f"does not call {wanted[0].name}")
    total = max(len(wanted), len(made))
    pairs = list(zip(wanted, made, strict=False))
    names = sum(one.name == other.name for one, other in pairs) / total
    arguments = sum(_alike(one.arguments, other.arguments) for one, other in pairs if one.name == other.name) / total
    faults = [f"calls {other.name} for {one.name}" for one, other in pairs if one.name != other.name]
    faults += [
        f"{key} is {other.arguments.get(key)!r} for {one.arguments[key]!r}"
        for one, other in pairs
        if one.name == other.name
        for key in one.arguments
        if not _same(one.arguments[key], other.arguments.get(key))
    ]
    faults += [f"{len(made)} calls for {len(wanted)}"] if len(made) != len(wanted) else []
    faults += sums
    return Judged((names + arguments + (not sums)) / 3, "; ".join(faults))


def calls_in(text: str) -> list[Call]:
    """Calls that are written as JSON with `name` and `arguments`, and those that scenarios write inline."""
    found: list[tuple[int, Call]] = []
    at, decoder = 0, json.JSONDecoder()
    while (brace := text.find("{", at)) >= 0:
        try:
            value, at = decoder.raw_decode(text, brace)
        except (json.JSONDecodeError, RecursionError):
            at = brace + 1
            continue
        arguments = value.get("arguments", value.get("parameters", {}))
        if isinstance(value.get("name"), str) and isinstance(arguments, dict):
            found.append((brace, Call(value["name"], arguments)))
    for match in _INLINE.finditer(text):
        found.append((match.start(), Call(match[1], _inline_arguments(match[2]))))
    return [call for _, call in sorted(found, key=lambda each: each[0])]


def wrong_sums(text: str) -> list[str]:
    """Each `14 + 3 = 18` that does not hold."""
    wrong = []
    for match in _SUM.finditer(text):
        terms = re.sub(r"\s", "", match[1]).replace("−", "-")
        total = sum(int(term) for term in re.findall(r"[+-]?\d+", terms))
        if total != int(match[2]):
            wrong.append(f"{match[0].strip()} is wrong, it makes {total}")
    return wrong


def _inline_arguments(text: str) -> dict[str, Any]:
    words = text.split()
    named = dict(word.split("=", 1) for word in words if "=" in word)
    plain = " ".join(word for word in words if "=" not in word)
    return {"skill": plain, **named} if plain else dict(named)


def _alike(wanted: dict[str, Any], made: dict[str, Any]) -> float:
    """The share of all arguments of either that are the same."""
    keys = wanted.keys() | made.keys()
    return sum(key in wanted and _same(wanted[key], made.get(key)) for key in keys) / len(keys) if keys else 1.0


def _same(wanted: Any, made: Any) -> bool:
    """Numbers by their value, also where one is written as text; texts whatever their case."""
    if isinstance(wanted, dict | list) or isinstance(made, dict | list):
        return bool(wanted == made)
    first, second = (str(value).strip().lower().removeprefix("+") for value in (wanted, made))
    return first == second or (_number(first) is not None and _number(first) == _number(second))


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
