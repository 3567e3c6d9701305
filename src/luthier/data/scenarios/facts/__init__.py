"""Facts of scenarios that are data, not code: the built-in grammar, what variation draws from, limits of quality."""

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any

from luthier.kit.frozen import Frozen


class VariationFacts(Frozen):
    given_names: tuple[str, ...]
    family_names: tuple[str, ...]
    titles: tuple[str, ...]  # words before a name that stay
    classes: tuple[str, ...]
    gear: tuple[str, ...]
    experience_per_level: tuple[int, ...]  # what is needed to reach level 1, 2, ...


class QualityFacts(Frozen):
    few_turns: int
    largest_ratio: float  # of the most frequent category to the rarest one
    few_scenarios: int  # below this many, balance says nothing
    onesided_share: float  # of one outcome among all
    few_outcomes: int
    repeated_characters: int  # an equal text of at least this length is a repetition


@cache
def variation_facts() -> VariationFacts:
    return VariationFacts.model_validate(read_facts("variation.toml"))


@cache
def quality_facts() -> QualityFacts:
    return QualityFacts.model_validate(read_facts("quality.toml"))


def read_facts(name: str) -> dict[str, Any]:
    return tomllib.loads(files(__package__).joinpath(name).read_text(encoding="utf-8"))
