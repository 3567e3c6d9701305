"""From where on a figure is an anomaly, and what is said and done about each kind: data, with where it comes from."""

import tomllib
from functools import cache
from importlib.resources import files

from luthier.domain.errors import Action
from luthier.domain.health import AnomalyKind, RemedyName
from luthier.kit.frozen import Frozen


class SpikeLimits(Frozen):
    fewest_steps: int
    stretch: int
    noise: float  # robust standard deviations of the log loss above the median of the stretch
    above_highest: float  # of all losses so far
    source: str


class DivergenceLimits(Frozen):
    stretch: int  # steps whose median counts
    noise: float  # standard errors of that median
    least_ratio: float
    of_start: float  # of the first losses: a rise that stays far below is no divergence
    source: str


class ExplosionLimits(Frozen):
    fewest_steps: int
    noise: float  # robust standard deviations of the log norm above its median
    above_median: float
    above_highest: float
    source: str


class VanishingLimits(Frozen):
    stretch: int
    of_start: float
    loss_of_start: float
    source: str


class PlateauLimits(Frozen):
    steps: int
    improvement: float
    rate_share: float  # of the peak learning rate, below which standing still is expected
    source: str


class OverfittingLimits(Frozen):
    measurements: int
    rise: float  # of the held-out loss; the training loss lies below the lowest of them by as much
    stretch: int
    source: str


class MemoryLimits(Frozen):
    share: float
    source: str


class DiskLimits(Frozen):
    checkpoints: float
    spare_bytes: int
    source: str


class ThroughputLimits(Frozen):
    stretch: int
    fewest_steps: int
    share: float
    source: str


class ExhaustionLimits(Frozen):
    epochs: float
    loss_of_start: float
    stretch: int
    source: str


class DetectorLimits(Frozen):
    spike: SpikeLimits
    divergence: DivergenceLimits
    exploding_gradient: ExplosionLimits
    vanishing_gradient: VanishingLimits
    plateau: PlateauLimits
    overfitting: OverfittingLimits
    memory_high: MemoryLimits
    disk_low: DiskLimits
    throughput_drop: ThroughputLimits
    data_exhausted: ExhaustionLimits


class KindFacts(Frozen):
    sentence: str
    causes: tuple[str, ...]
    stops: bool = False
    offers: tuple[RemedyName, ...] = ()
    automatic: tuple[RemedyName, ...] = ()
    advice: tuple[Action, ...] = ()


class RemedyFacts(Frozen):
    label: str
    meaning: str
    factor: float = 1.0
    least: float = 0.0
    source: str = ""


class AnomalyFacts(Frozen):
    detectors: DetectorLimits
    kinds: dict[AnomalyKind, KindFacts]
    remedies: dict[RemedyName, RemedyFacts]


@cache
def anomaly_facts() -> AnomalyFacts:
    text = files("luthier.health.facts").joinpath("anomalies.toml").read_text("utf-8")
    return AnomalyFacts.model_validate(tomllib.loads(text))
