"""Which tensors a GGUF file gets from a model, under which names, in which order of rows, and of which type."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from luthier.domain.exports import ExportUnsupported
from luthier.export.facts import Kind, families, tensor_types
from luthier.export.gguf_file import Entry
from luthier.export.merging import Merged
from luthier.export.shapes import ModelConfig

_HEADS = {"attn_q": "num_attention_heads", "attn_k": "num_key_value_heads"}
_SENSITIVE = ("attn_v", "attn_qkv", "ffn_down")


@dataclass(frozen=True, slots=True)
class Placed:
    """One tensor of the file and where its rows come from."""

    source: str  # its name in the model
    name: str
    shape: tuple[int, ...]
    order: NDArray[np.int64] | None = None  # of the source's rows, when it is another than theirs
    plus: float = 0.0  # added to every number

    @property
    def is_matrix(self) -> bool:
        return len(self.shape) == 2

    @property
    def layer(self) -> int | None:
        """None for what belongs to no layer."""
        part, _, rest = self.name.partition(".")
        return int(rest.partition(".")[0]) if part == "blk" else None

    @property
    def elements(self) -> int:
        return int(np.prod(self.shape))

    def entry(self, type_name: str) -> Entry:
        kind = tensor_types().type(type_name)
        return Entry(self.name, self.shape, kind.id, kind.size(self.elements))


def layout(model: Merged, config: ModelConfig) -> list[Placed]:
    """Raises ExportUnsupported for a tensor that has no place."""
    names = {**families().tensors, **config.family.tensors}
    tied = bool(config.given.get("tie_word_embeddings", "lm_head.weight" not in model.names))
    return [
        _placed(name, model.shape(name), names, config)
        for name in sorted(model.names, key=_in_order)
        if not (tied and name == "lm_head.weight")
    ]


def types_of(kind: Kind, tensors: list[Placed], layers: int) -> dict[str, str]:
    """Name of a tensor -> type, as llama.cpp would choose: norms and biases stay in 32 bits."""
    logits = "output.weight" if any(each.name == "output.weight" for each in tensors) else "token_embd.weight"
    chosen = {}
    for tensor in tensors:
        wanted = "F32"
        if tensor.is_matrix:
            wanted = kind.matrices
            if tensor.name == logits:
                wanted = kind.head or wanted
            elif kind.sensitive and _is_sensitive(tensor.name, layers):
                wanted = kind.sensitive
        chosen[tensor.name] = fitting(wanted, tensor.shape[-1])
    return chosen


def fitting(wanted: str, width: int) -> str:
    """The type itself, or the one in its place when the width is no whole number of its blocks."""
    kind = tensor_types().type(wanted)
    while width % kind.weights and kind.instead:
        kind = tensor_types().type(kind.instead)
    return kind.name


def _is_sensitive(name: str, layers: int) -> bool:
    """In the first and the last eighth of the layers, and in every third of the others."""
    _, number, part, *_ = [*name.split("."), "", "", ""]
    if part not in _SENSITIVE:
        return False
    layer = int(number)
    return layer < layers // 8 or layer >= 7 * layers // 8 or (layer - layers // 8) % 3 == 2


def _in_order(name: str) -> tuple[int, int, str]:
    parts = name.split(".")
    if parts[:2] == ["model", "layers"]:
        return 1, int(parts[2]), name
    return (0 if "embed" in name else 2), 0, name


def _placed(name: str, shape: tuple[int, ...], names: dict[str, str], config: ModelConfig) -> Placed:
    place, dot, ending = name.rpartition(".")
    layer, part = _apart(place)
    if part not in names or ending not in ("weight", "bias"):
        raise ExportUnsupported(what=f"its tensor {name} has no place in a GGUF file")
    target = names[part]
    plus = 1.0 if config.family.norms_add_one and part.endswith("norm") else 0.0
    order = None
    if config.family.turns_neighbours and target in _HEADS:
        order = neighbours_first(shape[0], int(config.number(_HEADS[target])))
    return Placed(name, f"{layer}{target}{dot}{ending}", shape, order, plus)


def _apart(place: str) -> tuple[str, str]:
    parts = place.split(".")
    if parts[:2] == ["model", "layers"]:
        return f"blk.{parts[2]}.", ".".join(parts[3:])
    return "", place


def neighbours_first(rows: int, heads: int) -> NDArray[np.int64]:
    """transformers turns a number with the one half a head further on; llama.cpp turns neighbours."""
    return np.arange(rows).reshape(heads, 2, -1).swapaxes(1, 2).reshape(-1)
