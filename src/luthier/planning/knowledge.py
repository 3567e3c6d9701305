"""What a plan rests on beside the recipe: what was measured, what the engine can do, what electricity costs."""

from dataclasses import dataclass, field

from luthier.domain.machine import Rates
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
class Knowledge:
    abilities: Abilities = ENGINE
    trace: ModelTrace | None = None
    rates: Rates | None = None
    calibration: Calibration = field(default_factory=Calibration)
    tariff: Tariff = Tariff()
    profiles: tuple[Profile, ...] = ()  # the user's own
