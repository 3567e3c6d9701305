"""Which defaults a recipe's profiles give: those that are named, and that of the base's family."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from luthier.domain.profiles import Profile, ProfileUnknown
from luthier.planning.facts import profiles

Value = str | int | float


@dataclass(frozen=True)
class Suggestion:
    """A default that comes from a profile."""

    value: Value
    reason: str


def built_in() -> tuple[Profile, ...]:
    return profiles()


def suggestions_of(
    names: Sequence[str], architecture: str, known: Sequence[Profile] | None = None
) -> dict[str, Suggestion]:
    """By the name of the decision. A later name wins over an earlier one, a named profile over the family's.

    Raises ProfileUnknown.
    """
    available = {profile.name: profile for profile in (*built_in(), *(known or ()))}
    chosen = [
        profile for profile in available.values() if profile.kind == "family" and architecture in profile.architectures
    ]
    for name in names:
        if name not in available:
            raise ProfileUnknown(name=name, known=", ".join(available))
        chosen.append(available[name])
    return {value.name: Suggestion(value.value, value.reason) for profile in chosen for value in profile.values}


def budget_of(suggestions: Mapping[str, Suggestion]) -> int | None:
    """The size limit that a profile sets."""
    found = suggestions.get("budget.size")
    return int(found.value) if found else None
