"""Sweeps before they are started: what all their runs would take on this machine."""

from collections.abc import Mapping, Sequence
from typing import Any

from luthier.domain.recipes import Recipe
from luthier.domain.sweeps import SweepForecast, members_of
from luthier.services.live_plans import LivePlans
from luthier.services.recipes import change_recipe

_UNNAMED = "sweep_forecast"  # nothing of this name is ever kept


class Sweeps:
    def __init__(self, plans: LivePlans) -> None:
        self._plans = plans

    def forecast(self, recipe: Recipe, values: Mapping[str, Sequence[Any]]) -> SweepForecast:
        """The examples are counted once for all. Raises SweepInvalid, RecipeInvalid, and what planning raises."""
        members = members_of(_UNNAMED, values)
        return SweepForecast(
            runs=tuple((member, self._plans.wait(change_recipe(recipe, member.values))) for member in members)
        )
