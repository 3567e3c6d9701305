"""Keeps account of every value that is settled: a pin of the recipe wins, everything else states why and from what."""

from collections.abc import Mapping
from typing import Any, Literal, TypeVar, cast

from luthier.domain.plans import Decision
from luthier.planning.profiles import Suggestion

Source = Literal["data", "model", "machine", "settings", "budget", "profile", "default"]
Value = TypeVar("Value", bound=str | int | float | bool | None)

PINNED_REASON = "Fixed by the recipe."


class Ledger:
    """`suggestions` come from profiles: they win over what the planner would choose, and pins win over them."""

    def __init__(self, pins: Mapping[str, Any], suggestions: Mapping[str, Suggestion] | None = None) -> None:
        self._pins = pins
        self._suggestions = suggestions or {}
        self._decisions: dict[str, Decision] = {}

    def settle(self, name: str, value: Value, reason: str, source: Source) -> Value:
        """Returns the pin when there is one, else `value`; either is written down with its reason."""
        if name in self._decisions:
            raise ValueError(f"{name} is settled already")
        if self.is_pinned(name):
            pinned = cast("Value", self._pins[name])
            self._decisions[name] = Decision(name=name, value=pinned, reason=PINNED_REASON, source="recipe")
            return pinned
        if name in self._suggestions and source != "budget":
            suggestion = self._suggestions[name]
            suggested = cast("Value", suggestion.value)
            self._decisions[name] = Decision(name=name, value=suggested, reason=suggestion.reason, source="profile")
            return suggested
        self._decisions[name] = Decision(name=name, value=value, reason=reason, source=source)
        return value

    def is_pinned(self, name: str) -> bool:
        return name in self._pins

    def pinned(self, name: str) -> Any:
        """None when the recipe leaves it open."""
        return self._pins.get(name)

    def value_of(self, name: str) -> str | int | float | bool | None:
        """What was settled."""
        return self._decisions[name].value

    @property
    def decisions(self) -> tuple[Decision, ...]:
        return tuple(self._decisions.values())
