"""How long training takes: floating-point operations counted, divided by what this processor or GPU reaches."""

from dataclasses import dataclass

from luthier.domain.machine import Rates, TrainingRate
from luthier.domain.plans import Estimate
from luthier.planning.abilities import Room
from luthier.planning.facts import Throughput, gpus, pace
from luthier.planning.load import Load

_MEASURED_SPREAD = 1.25  # of a rate that was measured on this machine, on top of how it varied


@dataclass(frozen=True)
class Pace:
    """Useful operations per second while training, and how sure that is."""

    flops_per_second: float
    spread: float  # the truth lies between the figure divided and multiplied by this
    source: str


@dataclass(frozen=True)
class Speed:
    """Of one load on one machine."""

    pace: Pace
    train_flops_per_token: float
    forward_flops_per_token: float
    seconds_per_pass: float  # before the first token is counted

    def step_seconds(self, tokens: float, passes: float) -> float:
        return tokens * self.train_flops_per_token / self.pace.flops_per_second + passes * self.seconds_per_pass

    def held_out_seconds(self, tokens: float) -> float:
        return tokens * self.forward_flops_per_token / self.pace.flops_per_second

    def answer_seconds(self, rows: int) -> float:
        """Of one more token for each of a few rows that are answered together."""
        return self.seconds_per_pass + self.held_out_seconds(rows)

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
    known = pace()
    reached = _measured(load, rates) or (
        _processor(load, cores, features) if room.device == "cpu" else _gpu(load, room.name)
    )
    return Speed(
        pace=reached,
        train_flops_per_token=_train_flops(load),
        forward_flops_per_token=_forward_flops(load),
        seconds_per_pass=load.shape.layers * known.seconds_per_layer_pass if room.device == "cpu" else 0.0,
    )


def _measured(load: Load, rates: Rates | None) -> Pace | None:
    """From the rate of the model nearest in size, of those that were trained here in this way."""
    of_device = rates.of(load.device) if rates else None
    fitting = [rate for rate in of_device.training if _is_like(rate, load)] if of_device else []
    if not fitting or rates is None:
        return None
    nearest = min(fitting, key=lambda rate: abs(rate.parameters - load.shape.parameters))
    flops_per_token = _train_flops(load) * nearest.parameters / load.shape.parameters
    return Pace(
        flops_per_second=nearest.tokens_per_second.median * flops_per_token,
        spread=_MEASURED_SPREAD * nearest.tokens_per_second.spread,
        source=f"The pace was measured on this machine on {rates.measured_at:%Y-%m-%d}, with {nearest.settings}.",
    )


def _is_like(rate: TrainingRate, load: Load) -> bool:
    computed = "fp32" if load.precision == "fp32" else "bf16"
    return {computed, load.kernels} <= set(rate.settings.split())


def _processor(load: Load, cores: int, features: tuple[str, ...]) -> Pace:
    known = throughput_for(features, load.precision)
    share = pace().reference_share if load.kernels == "reference" else 1.0
    source = f"The pace is that of {known.name}. {known.source}"
    return Pace(cores * known.gflops_per_core * 1e9 * share, known.spread, source)


def throughput_for(features: tuple[str, ...], precision: str) -> Throughput:
    """Weights in nf4 are turned into bf16 before they are multiplied."""
    computed = "fp32" if precision == "fp32" else "bf16"
    return next(
        each for each in pace().throughputs if each.precision == computed and set(each.features) <= set(features)
    )


def _gpu(load: Load, name: str) -> Pace:
    """The share of the peak that published fine-tunes reach, less where four bits have to be unpacked."""
    facts = gpus()
    known = facts.find(name)
    share = facts.reached_share * (facts.quantised_share if load.precision == "nf4" else 1.0)
    peak = known.bf16_tflops if load.precision != "fp32" else known.fp32_tflops
    return Pace(peak * 1e12 * share, facts.spread, f"{known.name}: {known.source} {facts.source}")


def _products(load: Load) -> float:
    """Weights that a token is multiplied with: all but the table of input embeddings, the head only where it counts."""
    table = load.shape.vocabulary * load.shape.hidden
    tables = 1 if load.shape.tied_embeddings else 2
    return load.shape.parameters - tables * table + load.facts.supervised_share * table


def _attention(load: Load) -> float:
    """Forward operations per token: half of the pairs are masked, two products of 2 operations each."""
    return 2 * load.facts.tokens_mean * load.shape.heads * load.shape.head_width * load.shape.layers


def _forward_flops(load: Load) -> float:
    return 2 * (_products(load) + _beside(load)) + _attention(load)


def _train_flops(load: Load) -> float:
    """Forward, the gradient of the inputs, and that of the weights (2 N each); frozen weights need no third part."""
    parts = 6 if load.trains_everything else 4
    again = _forward_flops(load) if load.gradient_checkpointing else 0.0
    return parts * _products(load) + 6 * _beside(load) + 3.5 * _attention(load) + again


def _beside(load: Load) -> int:
    """Weights of the adapter that a token is multiplied with, in addition to the base's."""
    return 0 if load.trains_everything else load.trained_parameters
