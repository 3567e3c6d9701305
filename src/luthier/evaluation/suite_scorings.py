"""Scorers as people write them, `exact` or `contains: [a, b]`, and what each one must be given."""

import re
from typing import Any

from luthier.domain.suites import SCORERS, ScorerName, Scoring
from luthier.evaluation.facts import deepeval_metrics

_NEEDS_EXPECTED = frozenset({"exact", "normalised", "json", "bleu", "rouge", "chrf", "embedding"})
_NEEDS_ARGUMENT: dict[str, tuple[type, ...]] = {
    "excludes": (str, list),
    "regex": (str,),
    "json-schema": (dict,),
    "most-words": (int,),
    "code": (str,),
    "judge": (str,),
    "deepeval": (str,),
}
_TAKES_TEXTS = frozenset({"exact", "normalised", "contains", "json"})


class ScoringFault(Exception):
    """`str()` is the reason in a few words."""


def scorings_from(written: list[Any] | str | None, expected: str, *, has_tools: bool = False) -> tuple[Scoring, ...]:
    """Without any, calls are compared where functions may be called, and words elsewhere."""
    each = [written] if isinstance(written, str) else written
    scorings = tuple(_scoring(item) for item in each or (["tool-call"] if has_tools else ["normalised"]))
    for scoring in scorings:
        _check(scoring, expected)
    return scorings


def named(name: str) -> ScorerName:
    for known in SCORERS:
        if known == name:
            return known
    raise ScoringFault(f"there is no scorer {name}; there are {', '.join(SCORERS)}")


def _scoring(item: Any) -> Scoring:
    if isinstance(item, str):
        return Scoring(name=named(item))
    if isinstance(item, dict) and len(item) == 1:
        ((name, argument),) = item.items()
        return Scoring(name=named(str(name)), argument=argument)
    raise ScoringFault("a scorer is a name, or a name with what it takes, such as `contains: [a, b]`")


def _check(scoring: Scoring, expected: str) -> None:
    takes = _NEEDS_ARGUMENT.get(scoring.name)
    if takes is not None and (not isinstance(scoring.argument, takes) or isinstance(scoring.argument, bool)):
        kinds = {str: "a text", list: "a list", dict: "a mapping", int: "a whole number"}
        raise ScoringFault(f"the scorer {scoring.name} takes {' or '.join(kinds[each] for each in takes)}")
    if scoring.name == "deepeval" and " " not in scoring.argument and scoring.argument not in deepeval_metrics():
        known = ", ".join(deepeval_metrics())
        raise ScoringFault(f"there is no metric {scoring.argument}; there are {known}, and a sentence for G-Eval")
    lacks = scoring.argument is None if scoring.name in _TAKES_TEXTS else True
    if scoring.name in (*_NEEDS_EXPECTED, "contains") and lacks and not expected:
        raise ScoringFault(f"the scorer {scoring.name} compares with `expected`, which is not there")
    if scoring.name == "regex":
        try:
            re.compile(scoring.argument)
        except re.error as error:
            raise ScoringFault(f"the expression {scoring.argument} is not one: {error}") from error
