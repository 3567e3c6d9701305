"""Sweeps: one recipe tried with several values of its settings, as a group of runs."""

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

from luthier.domain.errors import Action, NotFound, WrongUsage
from luthier.domain.plans import Estimate, Plan
from luthier.kit.frozen import Frozen

MOST = 32  # runs of one sweep


class SweepMember(Frozen):
    """What a run is in a sweep."""

    sweep_id: str
    values: dict[str, Any]  # dotted name of a setting -> what this run tries

    @property
    def label(self) -> str:
        return ", ".join(f"{name.rpartition('.')[2]}={_shown(value)}" for name, value in self.values.items())


def members_of(sweep_id: str, values: Mapping[str, Sequence[Any]]) -> list[SweepMember]:
    """Every combination, the last setting changing fastest. Raises SweepInvalid."""
    if not values:
        raise SweepInvalid(reason="no setting was given to be tried")
    for name, tried in values.items():
        if len(tried) < 2 or len({repr(each) for each in tried}) < len(tried):
            raise SweepInvalid(reason=f"{name} needs at least two values that differ")
    combinations = list(product(*values.values()))
    if len(combinations) > MOST:
        raise SweepInvalid(reason=f"that would be {len(combinations)} runs, and {MOST} are the most")
    return [SweepMember(sweep_id=sweep_id, values=dict(zip(values, each, strict=True))) for each in combinations]


class SweepForecast(Frozen):
    """What the runs of a sweep would take: each, and all of them one after the other."""

    runs: tuple[tuple[SweepMember, Plan], ...]

    @property
    def duration(self) -> Estimate:
        return _sum_of([plan.duration for _, plan in self.runs])

    @property
    def memory(self) -> Estimate:
        """Of the run that takes the most."""
        return max((plan.memory for _, plan in self.runs), key=lambda estimate: estimate.high)

    @property
    def disk(self) -> Estimate:
        return _sum_of([plan.disk for _, plan in self.runs])

    @property
    def electricity(self) -> Estimate | None:
        """None where no plan knows its costs."""
        known = [plan.costs.electricity for _, plan in self.runs if plan.costs]
        return _sum_of(known) if known else None


def _sum_of(estimates: Sequence[Estimate]) -> Estimate:
    """As sure as the least sure of them."""
    first = estimates[0]
    return Estimate(
        low=sum(each.low for each in estimates),
        high=sum(each.high for each in estimates),
        unit=first.unit,
        confidence=min(each.confidence for each in estimates),
        basis=f"{len(estimates)} runs, one after the other. {first.basis}",
        currency=first.currency,
    )


def _shown(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


class SweepInvalid(WrongUsage):
    code = "sweeps.invalid"
    sentence = "This cannot be swept: {reason}."
    actions = (
        Action(
            label="Give a setting and its values with commas between them",
            command="luthier train --data FILE --sweep learning_rate=1e-4,3e-4",
        ),
    )


class SweepNotFound(NotFound):
    code = "sweeps.not_found"
    sentence = "There is no sweep {sweep} in this workspace."
    actions = (Action(label="See all runs and the sweeps they are of", command="luthier runs list", address="/runs"),)
