"""When an answer counts as right. A scorer never guesses: it compares, and says nothing when told to be off."""

import json
from typing import Any, assert_never

from luthier.domain.recipes import Scorer


def is_right(scorer: Scorer, expected: str, answer: str) -> bool | None:
    """None means that the answer itself is not scored."""
    match scorer:
        case "off" | "preference":
            return None
        case "exact":
            return expected.strip() == answer.strip()
        case "json":
            return _same_json(expected, answer)
        case _:
            assert_never(scorer)


def _same_json(expected: str, answer: str) -> bool:
    """The same value with the same types; only white space and the order of keys may differ.

    When the expected answer is no JSON itself, the two texts must be the same.
    """
    try:
        wanted = _canonical(expected)
    except ValueError:
        return expected.strip() == answer.strip()
    try:
        return _canonical(answer) == wanted
    except ValueError:
        return False


def _canonical(text: str) -> str:
    """One text per value; 1, 1.0, "1" and true are four different ones, as they are to whoever reads the answer."""
    try:
        value = json.loads(text, object_pairs_hook=_without_repeats, parse_constant=_refuse_constant)
        return json.dumps(value, sort_keys=True)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A key that comes twice has no one value; readers disagree on which one counts."""
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError("a key comes twice")
    return value


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")
