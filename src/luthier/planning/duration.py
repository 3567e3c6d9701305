"""How long training takes: floating-point operations counted, divided by what this processor or GPU reaches."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from luthier.domain.adapters import LoraSettings
from luthier.domain.machine import MEASURED_EXAMPLE_TOKENS, MEASURED_SUPERVISED_SHARE, Rates, TrainingRate
from luthier.domain.plans import Estimate
from luthier.planning.abilities import Room
from luthier.planning.facts import Throughput, gpus, pace
from luthier.planning.load import Load
from luthier.planning.operations import (
    forward_flops_per_token,
    seconds_beside,
    seconds_per_update,
    train_flops_per_token,
)

_MEASURED_SPREAD = 1.25  # of a rate that was measured on this machine, on top of how it varied


@dataclass(frozen=True)
class Pace:
    """Useful operations per second while training, and how sure that is."""

    flops_per_second: float
    seconds_per_pass: float  # before the first token is counted
    spread: float  # the truth lies between the figure divided and multiplied by this
    source: str
    slowness: float = 1.0  # times the seconds that were recorded of what comes beside products


@dataclass(frozen=True)
class Speed:
    """Of one load on one machine."""

    pace: Pace
    train_flops_per_token: float  # worth, at that pace: what is slower than products counts for more
    forward_flops_per_token: float
    seconds_per_pass: float  # beside those of the pace
    seconds_per_update: float

    def step_seconds(self, tokens: float, passes: float) -> float:
        per_pass = self.pace.seconds_per_pass + self.seconds_per_pass
        worth = tokens * self.train_flops_per_token
        return worth / self.pace.flops_per_second + passes * per_pass + self.seconds_per_update

    def forward_seconds(self, tokens: float, passes: float) -> float:
        """Without a gradient."""
        worth = tokens * self.forward_flops_per_token
        return worth / self.pace.flops_per_second + passes * self.pace.seconds_per_pass / 2

    def answer_seconds(self, rows: int) -> float:
        """Of one more token for each of a few rows that are answered together; all weights are read for it."""
        return self.pace.seconds_per_pass + self.forward_seconds(rows, passes=0)

    def as_estimate(self, seconds: float, factor: float = 1.0) -> Estimate:
        """`factor`: how much longer earlier runs took than was expected."""
        return Estimate(
            low=factor * seconds / self.pace.spread,
            high=factor * seconds * self.pace.spread,
            unit="seconds",
            confidence=0.8,
            basis=f"Operations counted, with nothing else running. {self.pace.source}",
        )


def speed_of(load: Load, room: Room, cores: int, features: tuple[str, ...], rates: Rates | None = None) -> Speed:
    reached = _measured(load, cores, rates) or (
        _processor(load, cores, features) if room.device == "cpu" else _gpu(load, room.name)
    )
    return Speed(
        pace=reached,
        train_flops_per_token=train_flops_per_token(load),
        forward_flops_per_token=forward_flops_per_token(load),
        seconds_per_pass=reached.slowness * seconds_beside(load),
        seconds_per_update=reached.slowness * seconds_per_update(load),
    )


def _measured(load: Load, cores: int, rates: Rates | None) -> Pace | None:
    """From the rates of the model nearest in size, of those that were trained here in this precision, on all cores."""
    of_device = rates.of(load.device) if rates else None
    fitting = [rate for rate in of_device.training if _computed_in(load) in rate.settings.split()] if of_device else []
    if not fitting or rates is None:
        return None
    size = min((rate.parameters for rate in fitting), key=lambda size: abs(size - load.shape.parameters))
    alike = sorted((rate for rate in fitting if rate.parameters == size), key=lambda rate: rate.tokens_in_a_pass)
    seconds_per_token, seconds_per_pass = _straight_line(alike)
    share = min(1.0, cores / rates.threads) if load.device == "cpu" else 1.0
    return Pace(
        flops_per_second=share * train_flops_per_token(_as_measured(load, size)) / seconds_per_token,
        seconds_per_pass=seconds_per_pass,
        spread=_MEASURED_SPREAD * alike[-1].tokens_per_second.spread,
        source=f"The pace was measured on this machine on {rates.measured_at:%Y-%m-%d}, with {alike[-1].settings}.",
        slowness=_seconds_of(alike[0]) / (alike[0].tokens_in_a_pass * pace().recorded_seconds_per_token),
    )


def _seconds_of(rate: TrainingRate) -> float:
    return rate.tokens_in_a_pass / rate.tokens_per_second.median


def _straight_line(rates: Sequence[TrainingRate]) -> tuple[float, float]:
    """Seconds of a token and of a pass, from passes of few tokens and of many: the difference is that of the tokens."""
    few, many = rates[0], rates[-1]
    whole = _seconds_of(many)
    more_tokens = many.tokens_in_a_pass - few.tokens_in_a_pass
    more_seconds = whole - _seconds_of(few)
    if more_tokens <= 0 or more_seconds <= 0:
        return whole / many.tokens_in_a_pass, 0.0
    per_token = min(more_seconds / more_tokens, whole / many.tokens_in_a_pass)
    return per_token, whole - many.tokens_in_a_pass * per_token


def _as_measured(load: Load, parameters: int) -> Load:
    """What a pass of the measured kind, on a base of that size, would have to carry."""
    facts = load.facts.model_copy(
        update={"tokens_mean": float(MEASURED_EXAMPLE_TOKENS), "supervised_share": MEASURED_SUPERVISED_SHARE}
    )
    smaller = parameters / load.shape.parameters
    shape = load.shape.model_copy(
        update={
            "parameters": parameters,
            "vocabulary": round(load.shape.vocabulary * smaller),
            "layers": max(1, round(load.shape.layers * smaller)),
        }
    )
    return replace(
        load, shape=shape, facts=facts, adapter=LoraSettings(), kernels="fused", gradient_checkpointing=False
    )


def _computed_in(load: Load) -> str:
    """Weights in nf4 are turned into bf16 before they are multiplied."""
    return "fp32" if load.precision == "fp32" else "bf16"


def _processor(load: Load, cores: int, features: tuple[str, ...]) -> Pace:
    known = throughput_for(features, _computed_in(load))
    return Pace(
        flops_per_second=cores * known.gflops_per_core * 1e9,
        seconds_per_pass=load.shape.layers * pace().seconds_per_layer_pass,
        spread=known.spread,
        source=f"The pace is that of {known.name}. {known.source}",
    )


def throughput_for(features: tuple[str, ...], precision: str) -> Throughput:
    return next(
        each for each in pace().throughputs if each.precision == precision and set(each.features) <= set(features)
    )


def _gpu(load: Load, name: str) -> Pace:
    """The share of the peak that published fine-tunes reach, less where four bits have to be unpacked."""
    facts = gpus()
    known = facts.find(name)
    share = facts.reached_share * (facts.quantised_share if load.precision == "nf4" else 1.0)
    peak = known.bf16_tflops if load.precision != "fp32" else known.fp32_tflops
    return Pace(peak * 1e12 * share, 0.0, facts.spread, f"{known.name}: {known.source} {facts.source}")
