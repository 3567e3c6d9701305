"""What one scorer makes of one answer, from 0 to 1, for all scorers that need nothing but the texts."""

import json
import re
import unicodedata
from collections.abc import Callable
from typing import Any, NamedTuple

from luthier.domain.errors import PackageMissing
from luthier.domain.suites import Case, ScorerName, Scoring
from luthier.evaluation.calls import judge_calls
from luthier.evaluation.facts import refusal_phrases
from luthier.evaluation.scorers import is_right
from luthier.evaluation.texts import bleu, chrf, rouge_l, unrepeated, words_of


class Scored(NamedTuple):
    value: float
    why: str = ""  # it is not full, where there is a reason to tell


def score_text(scoring: Scoring, case: Case, answer: str) -> Scored:
    """Raises KeyError for a scorer that has to ask or to run something, and PackageMissing."""
    return _BY_NAME[scoring.name](scoring.argument, case.expected, answer)


def normalised(text: str) -> str:
    """Lower case, no accents, no punctuation, single spaces: what two people would call the same words."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return " ".join(
        "".join(each if each.isalnum() else " " for each in plain if not unicodedata.combining(each)).split()
    )


def declines(answer: str) -> bool:
    """Whether an answer says in its beginning that it will not do what is asked."""
    beginning = normalised(answer[:300])
    return any(phrase in beginning for phrase in refusal_phrases())


def texts_of(argument: Any, expected: str) -> list[str]:
    """One text or several; the expected answer when there is none."""
    if argument is None:
        return [expected]
    return [str(each) for each in argument] if isinstance(argument, list | tuple) else [str(argument)]


def _exact(argument: Any, expected: str, answer: str) -> Scored:
    return Scored(float(any(wanted.strip() == answer.strip() for wanted in texts_of(argument, expected))))


def _normalised(argument: Any, expected: str, answer: str) -> Scored:
    said = normalised(answer)
    return Scored(float(any(normalised(wanted) == said for wanted in texts_of(argument, expected))))


def _contains(argument: Any, expected: str, answer: str) -> Scored:
    said = answer.casefold()
    missing = [wanted for wanted in texts_of(argument, expected) if wanted.casefold() not in said]
    return Scored(float(not missing), f"lacks {', '.join(missing)}" if missing else "")


def _excludes(argument: Any, expected: str, answer: str) -> Scored:
    said = answer.casefold()
    there = [unwanted for unwanted in texts_of(argument, expected) if unwanted.casefold() in said]
    return Scored(float(not there), f"says {', '.join(there)}" if there else "")


def _regex(argument: Any, expected: str, answer: str) -> Scored:
    return Scored(float(re.search(texts_of(argument, expected)[0], answer, re.MULTILINE) is not None))


def _json(argument: Any, expected: str, answer: str) -> Scored:
    return Scored(float(bool(is_right("json", texts_of(argument, expected)[0], answer))))


def _json_schema(argument: Any, expected: str, answer: str) -> Scored:
    try:
        import jsonschema
    except ImportError:
        raise PackageMissing(package="jsonschema", extra="evaluate") from None
    try:
        value = json.loads(answer)
    except ValueError as error:
        return Scored(0.0, f"is no JSON: {error}")
    fault = next(iter(jsonschema.Draft202012Validator(argument).iter_errors(value)), None)
    return Scored(1.0) if fault is None else Scored(0.0, f"{fault.json_path}: {fault.message}")


def _most_words(argument: Any, expected: str, answer: str) -> Scored:
    count = len(words_of(answer))
    return Scored(float(0 < count <= argument), "" if 0 < count <= argument else f"{count} words")


def _refusal(argument: Any, expected: str, answer: str) -> Scored:
    should = argument is not False
    return Scored(float(declines(answer) == should), "" if declines(answer) == should else _REFUSED[should])


def _tool_call(argument: Any, expected: str, answer: str) -> Scored:
    return Scored(*judge_calls(expected, answer))


_REFUSED = {True: "does not decline", False: "declines"}
_BY_NAME: dict[ScorerName, Callable[[Any, str, str], Scored]] = {
    "exact": _exact,
    "normalised": _normalised,
    "contains": _contains,
    "excludes": _excludes,
    "regex": _regex,
    "json": _json,
    "json-schema": _json_schema,
    "bleu": lambda argument, expected, answer: Scored(bleu(expected, answer)),
    "rouge": lambda argument, expected, answer: Scored(rouge_l(expected, answer)),
    "chrf": lambda argument, expected, answer: Scored(chrf(expected, answer)),
    "most-words": _most_words,
    "unrepeated": lambda argument, expected, answer: Scored(unrepeated(answer)),
    "refusal": _refusal,
    "tool-call": _tool_call,
}
