"""What the processes of a run hold of the model together: each everything, or each a part of every layer."""

from typing import NamedTuple

from luthier.planning.load import Load

_FP32_BYTES = 4


class Held(NamedTuple):
    """Bytes."""

    weights: float  # that are computed with
    values: float  # of what is trained, in fp32, and the copy that products read
    gradients: float


def held(load: Load) -> Held:
    count, trained = load.processes, load.trained_parameters
    values, gradients = trained * load.value_bytes_per_trained, trained * load.gradient_bytes_per_trained
    if not load.sharded:
        return Held(count * load.base_bytes, count * values, count * gradients)
    if load.trains_everything:
        return _divided_and_trained(load)
    return Held(_divided(load, load.bytes_per_weight), count * values, count * gradients)


def _divided(load: Load, bytes_per_part: int) -> float:
    """The parts make every layer once; each process has one layer whole besides, and what lies outside the layers."""
    whole = load.linear_weights / load.shape.layers + _outside(load)
    return load.linear_weights * bytes_per_part + load.processes * whole * load.bytes_per_weight


def _divided_and_trained(load: Load) -> Held:
    """The parts are in fp32. The leader has all values and all gradients once more, for the optimiser."""
    outside = load.processes * _outside(load) * _FP32_BYTES
    copied = outside if load.bytes_per_weight < _FP32_BYTES else 0.0
    return Held(
        weights=_divided(load, _FP32_BYTES),
        values=load.trained_parameters * _FP32_BYTES + copied,
        gradients=(load.trained_parameters + load.linear_weights) * _FP32_BYTES + outside,
    )


def _outside(load: Load) -> int:
    return load.shape.parameters - load.linear_weights
