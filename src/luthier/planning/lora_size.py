"""How many weights are trained: of an adapter of each kind on a decoder of a given shape, or all of them."""

from luthier.domain.adapters import (
    AdaLoraSettings,
    AdapterSettings,
    DoraSettings,
    FullSettings,
    Ia3Settings,
    LoraSettings,
    Targets,
    VeraSettings,
)
from luthier.domain.models import ModelShape


def adapter_parameters(shape: ModelShape, adapter: AdapterSettings) -> int:
    """The values that an optimiser holds. A target that is not known counts as the largest."""
    match adapter:
        case FullSettings():
            return shape.parameters
        case LoraSettings():
            ranks = 2 * adapter.rank if adapter.keeps_its_start else adapter.rank
            return shape.layers * sum(ranks * (inward + outward) for inward, outward in _chosen(shape, adapter.targets))
        case DoraSettings():
            chosen = _chosen(shape, adapter.targets)
            return shape.layers * sum(adapter.rank * (inward + outward) + outward for inward, outward in chosen)
        case AdaLoraSettings():
            chosen = _chosen(shape, adapter.targets)
            return shape.layers * sum(adapter.first_rank * (inward + outward + 1) for inward, outward in chosen)
        case VeraSettings():
            return shape.layers * sum(adapter.rank + outward for _, outward in _chosen(shape, adapter.targets))
        case Ia3Settings():
            keys = shape.kv_heads * shape.head_width
            return shape.layers * (2 * keys + shape.intermediate)


def _chosen(shape: ModelShape, targets: Targets) -> list[tuple[int, int]]:
    sides = _linears(shape)
    if targets == "all-linear":
        return list(sides.values())
    largest = max(sides.values(), key=sum)
    return [sides.get(target.rpartition(".")[2], largest) for target in targets]


def _linears(shape: ModelShape) -> dict[str, tuple[int, int]]:
    """Name -> (in, out) of the linears of one layer, as Llama and its relatives call them."""
    queries, keys = shape.heads * shape.head_width, shape.kv_heads * shape.head_width
    return {
        "q_proj": (shape.hidden, queries),
        "k_proj": (shape.hidden, keys),
        "v_proj": (shape.hidden, keys),
        "o_proj": (queries, shape.hidden),
        "gate_proj": (shape.hidden, shape.intermediate),
        "up_proj": (shape.hidden, shape.intermediate),
        "down_proj": (shape.intermediate, shape.hidden),
    }
