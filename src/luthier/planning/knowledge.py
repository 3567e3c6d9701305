"""What a plan rests on beside the recipe: what was measured, what the engine can do, what the settings say."""

from dataclasses import dataclass, field

from luthier.domain.machine import Device, Machine, Rates
from luthier.domain.plans import Calibration
from luthier.domain.profiles import Profile
from luthier.domain.traces import ModelTrace
from luthier.planning.abilities import ENGINE, Abilities


@dataclass(frozen=True)
class Tariff:
    price_per_kwh: float = 0.30
    currency: str = "EUR"
    region: str = "world"


@dataclass(frozen=True)
class Preferences:
    """Of the workspace: what its plans keep to where a recipe says nothing."""

    tariff: Tariff = Tariff()
    device: Device | None = None  # where runs compute; None is the best that there is


@dataclass(frozen=True)
class Knowledge:
    abilities: Abilities = ENGINE
    trace: ModelTrace | None = None
    rates: Rates | None = None
    calibration: Calibration = field(default_factory=Calibration)
    preferences: Preferences = Preferences()
    profiles: tuple[Profile, ...] = ()  # the user's own
    runs_at_once: int = 1  # that share the cores of the machine

    @property
    def tariff(self) -> Tariff:
        return self.preferences.tariff

    def cores_on(self, machine: Machine) -> int:
        """For one of them."""
        return max(1, machine.cores // self.runs_at_once)
