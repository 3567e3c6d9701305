"""How large a LoRA adapter is on a decoder of a given shape."""

from luthier.domain.models import ModelShape
from luthier.domain.recipes import LoraSettings


def adapter_parameters(shape: ModelShape, adapter: LoraSettings) -> int:
    """rank x (in + out) for every targeted linear of every layer. A target that is not known counts as the largest."""
    sides = _linears(shape)
    if adapter.targets == "all-linear":
        chosen = list(sides.values())
    else:
        largest = max(sides.values(), key=sum)
        chosen = [sides.get(target.rpartition(".")[2], largest) for target in adapter.targets]
    return shape.layers * adapter.rank * sum(inward + outward for inward, outward in chosen)


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
