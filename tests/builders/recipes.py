"""Recipes."""

from typing import Any

from luthier.domain.recipes import Recipe


def a_recipe(**changes: Any) -> Recipe:
    return Recipe(**{"data": "orders.jsonl", **changes})
