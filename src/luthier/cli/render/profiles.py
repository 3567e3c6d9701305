"""Profiles: what each sets, and why."""

from collections.abc import Iterable, Sequence

from rich.console import RenderableType

from luthier.cli.render.tables import table
from luthier.cli.render.text import heading, soft
from luthier.domain.profiles import Profile

_KINDS = {"use": "Use cases", "family": "Families, chosen by themselves", "target": "Targets"}


def show_profiles(profiles: Sequence[Profile]) -> Iterable[RenderableType]:
    for kind, title in _KINDS.items():
        yield heading(title)
        rows = [
            (profile.name if number == 0 else "", value.name, str(value.value), value.reason)
            for profile in profiles
            if profile.kind == kind
            for number, value in enumerate(profile.values)
        ]
        yield table(("Profile", "Setting", "Value", "Why"), rows, right=("Value",))
    yield soft("A value of the recipe wins over a profile, and a profile over the planner.")
