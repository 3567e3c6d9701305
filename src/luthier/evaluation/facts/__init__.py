"""What evaluation knows as data: words of refusals, weights and rules of the report, metrics of DeepEval."""

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any, Literal

from luthier.kit.frozen import Frozen


class ScorePart(Frozen):
    name: str
    label: str
    weight: float
    meaning: str


class Condition(Frozen):
    fact: str
    above: float | None = None
    below: float | None = None
    absent: bool = False

    def holds(self, facts: dict[str, float]) -> bool:
        """A fact that was not measured is neither above nor below anything."""
        value = facts.get(self.fact)
        if value is None or self.absent:
            return self.absent and value is None
        return (self.above is None or value > self.above) and (self.below is None or value < self.below)


class SuggestionRule(Frozen):
    code: str
    level: Literal["warning", "note"]
    when: tuple[Condition, ...]
    sentence: str  # filled with the facts
    suggestion: str
    command: str | None = None
    source: str


class DeepEvalMetric(Frozen):
    class_name: str
    needs_context: bool


class QualityFacts(Frozen):
    source: str
    parts: tuple[ScorePart, ...]
    suggestions: tuple[SuggestionRule, ...]


@cache
def quality_facts() -> QualityFacts:
    return QualityFacts.model_validate(_read("quality.toml"))


@cache
def refusal_phrases() -> tuple[str, ...]:
    """Lower case, without punctuation."""
    return tuple(_read("refusals.toml")["phrases"])


@cache
def deepeval_metrics() -> dict[str, DeepEvalMetric]:
    """By the names that suites give them."""
    return {name: DeepEvalMetric.model_validate(each) for name, each in _read("deepeval.toml")["metrics"].items()}


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads(files(__name__).joinpath(name).read_text("utf-8"))
