"""How long training takes: floating-point operations counted, divided by what this kind of processor reaches."""

from dataclasses import dataclass

from luthier.domain.machine import Machine
from luthier.domain.plans import Estimate
from luthier.planning.facts import Throughput, pace
from luthier.planning.load import Load


@dataclass(frozen=True)
class Speed:
    """Of one load on one machine."""

    throughput: Throughput
    flops_per_second: float
    train_flops_per_token: float
    forward_flops_per_token: float
    seconds_per_pass: float  # before the first token is counted

    def step_seconds(self, tokens: float, passes: float) -> float:
        return tokens * self.train_flops_per_token / self.flops_per_second + passes * self.seconds_per_pass

    def held_out_seconds(self, tokens: float) -> float:
        return tokens * self.forward_flops_per_token / self.flops_per_second

    def as_estimate(self, seconds: float) -> Estimate:
        known = self.throughput
        return Estimate(
            low=seconds / known.spread,
            high=seconds * known.spread,
            unit="seconds",
            confidence=0.8,
            basis=f"Operations counted, at the pace of {known.name} with nothing else running. {known.source}",
        )


def speed_of(load: Load, machine: Machine) -> Speed:
    known = pace()
    throughput = throughput_for(machine.cpu_features, load.precision)
    share = known.reference_share if load.kernels == "reference" else 1.0
    return Speed(
        throughput=throughput,
        flops_per_second=machine.cores * throughput.gflops_per_core * 1e9 * share,
        train_flops_per_token=_train_flops(load),
        forward_flops_per_token=_forward_flops(load),
        seconds_per_pass=load.shape.layers * known.seconds_per_layer_pass,
    )


def throughput_for(features: tuple[str, ...], precision: str) -> Throughput:
    """Weights in nf4 are turned into bf16 before they are multiplied."""
    computed = "bf16" if precision == "nf4" else precision
    return next(
        known for known in pace().throughputs if known.precision == computed and set(known.features) <= set(features)
    )


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
    parts = 6 if load.adapter.kind == "full" else 4
    again = _forward_flops(load) if load.gradient_checkpointing else 0.0
    return parts * _products(load) + 6 * _beside(load) + 3.5 * _attention(load) + again


def _beside(load: Load) -> int:
    """Weights of the adapter that a token is multiplied with, in addition to the base's."""
    return 0 if load.adapter.kind == "full" else load.adapter_parameters
