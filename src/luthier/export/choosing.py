"""Types for each tensor so that a file stays within a size and loses as little as can be, measured tensor by tensor."""

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from luthier.domain.exports import ExportTooSmall
from luthier.export.blocks import decoded, encoded, is_known
from luthier.export.facts import TensorType, tensor_types
from luthier.export.gguf_model import GgufModel
from luthier.export.layout import Placed
from luthier.export.pieces import pieces_of
from luthier.export.quantiser import Quantiser, is_quantiser_here
from luthier.export.telling import Tell
from luthier.kit.units import show_bytes

_STEPS = ("F16", "Q8_0", "Q6_K", "Q5_1", "Q5_0", "Q4_1", "Q4_0", "Q3_K", "Q2_K")
_SAMPLE = 256  # rows of each tensor, evenly spread


@dataclass(frozen=True, slots=True)
class _Choice:
    """One type for one tensor."""

    type_name: str
    size: int  # bytes
    error: float  # share of the weights' energy that is lost


def types_within(model: GgufModel, limit: int, tell: Tell) -> dict[str, str]:
    """Begins with the finest and makes coarser, again and again, where that costs least for what it saves.

    Raises ExportTooSmall when the coarsest of all is still too large.
    """
    chosen = model.types("F16")
    smallest = model.size(smallest_types(model))
    if smallest > limit:
        raise ExportTooSmall(limit=show_bytes(limit), smallest=show_bytes(smallest), smallest_argument=f"{smallest}B")
    room = limit - model.size(chosen)
    ladders: dict[str, list[_Choice]] = {}
    matrices = [tensor for tensor in model.tensors if tensor.is_matrix]
    for done, tensor in enumerate(matrices):
        tell("measuring what each type costs", done, len(matrices))
        ladders[tensor.name] = _ladder(list(_choices(model, tensor)))
    waiting = [(_price(steps, 0), name, 0) for name, steps in ladders.items() if len(steps) > 1]
    heapq.heapify(waiting)
    while room < 0:
        _, name, at = heapq.heappop(waiting)
        steps = ladders[name]
        room += steps[at].size - steps[at + 1].size
        chosen[name] = steps[at + 1].type_name
        if at + 2 < len(steps):
            heapq.heappush(waiting, (_price(steps, at + 1), name, at + 1))
    return chosen


def smallest_types(model: GgufModel) -> dict[str, str]:
    """The coarsest that each tensor can have here, whatever that costs."""
    coarsest = {
        tensor.name: min(_possible(tensor), key=lambda kind: kind.size(tensor.elements)).name
        for tensor in model.tensors
        if tensor.is_matrix
    }
    return {**model.types("F16"), **coarsest}


def _choices(model: GgufModel, tensor: Placed) -> Iterator[_Choice]:
    rows = _sampled(model, tensor)
    energy = float(np.square(rows).sum()) or 1.0
    for kind in _possible(tensor):
        back = _there_and_back(rows, kind.name)
        yield _Choice(kind.name, kind.size(tensor.elements), float(np.square(rows - back).sum()) / energy)


def _possible(tensor: Placed) -> Iterator[TensorType]:
    for name in _STEPS:
        kind = tensor_types().type(name)
        if tensor.shape[-1] % kind.weights == 0 and (is_known(name) or is_quantiser_here()):
            yield kind


def _sampled(model: GgufModel, tensor: Placed) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    pieces = list(pieces_of(tensor.shape))
    each = max(1, _SAMPLE // len(pieces))
    return np.concatenate([model.rows(tensor, _some(piece, each)) for piece in pieces[:_SAMPLE]])


def _some(piece: slice, count: int) -> slice:
    return slice(piece.start, piece.stop, max(1, (piece.stop - piece.start) // count))


def _there_and_back(
    rows: np.ndarray[tuple[int, ...], np.dtype[np.float32]], name: str
) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    if is_known(name):
        return decoded(encoded(rows.copy(), name), name, rows.shape)
    quantiser = Quantiser(name)
    return quantiser.decoded(quantiser.encoded(rows, name), name, rows.shape)


def _ladder(choices: Sequence[_Choice]) -> list[_Choice]:
    """Only steps that pay: along the lower convex hull of size and error, from the largest to the smallest."""
    hull: list[_Choice] = []
    for choice in sorted(choices, key=lambda each: (-each.size, each.error)):
        if hull and choice.size == hull[-1].size:
            continue
        while len(hull) > 1 and _slope(hull[-2], hull[-1]) >= _slope(hull[-2], choice):
            hull.pop()
        hull.append(choice)
    return hull


def _price(steps: Sequence[_Choice], at: int) -> float:
    return _slope(steps[at], steps[at + 1])


def _slope(larger: _Choice, smaller: _Choice) -> float:
    return (smaller.error - larger.error) / (larger.size - smaller.size)
