"""A model without some of its layers, for a limit that no type of numbers reaches alone."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from luthier.domain.exports import ExportJob, ExportTooSmall
from luthier.export.choosing import smallest_types
from luthier.export.facts import tensor_types
from luthier.export.forms import model_to_write
from luthier.export.gguf_model import GgufModel
from luthier.export.hub_folder import write_beside
from luthier.export.merging import Merged, merged
from luthier.export.safetensors_file import OnWeights, write_model
from luthier.export.tensors import Rows, Which
from luthier.kit.files import read_json, write_json
from luthier.kit.units import show_bytes

_MOST = 0.5  # share of the layers that may go; what is left of more is no longer that model
_LAYERS = "model.layers."


def layers_to_go(job: ExportJob, influence: Sequence[float]) -> tuple[int, ...]:
    """As few as make room for the coarsest types, those of the least `influence` first. The first layer is 0.

    Raises ExportTooSmall with what half of the layers would need.
    """
    model = model_to_write(job, job.adapter_folder)
    types = smallest_types(model)
    size, limit = model.size(types), job.request.at_most_bytes or 0
    gone: list[int] = []
    for layer in sorted(range(len(influence)), key=lambda each: influence[each]):
        if size <= limit or len(gone) >= int(_MOST * len(influence)):
            break
        gone.append(layer)
        size -= _layer_size(model, types, layer)
    if size > limit:
        raise ExportTooSmall(limit=show_bytes(limit), smallest=show_bytes(size), smallest_argument=f"{size}B")
    return tuple(sorted(gone))


def write_without(job: ExportJob, gone: Sequence[int], folder: Path, tell: OnWeights) -> None:
    """The tuned model without these layers, whole, as a folder for transformers."""
    folder.mkdir(exist_ok=True)
    base, adapter = Path(job.base_folder), Path(job.adapter_folder) if job.adapter_folder else None
    write_beside(job, folder)
    config = read_json(base / "config.json")
    write_json(folder / "config.json", _config_without(config, gone))
    write_model(_WithoutLayers(merged(base, adapter), gone), folder, tell)


class _WithoutLayers:
    """Reads like the model, with the layers that stay numbered anew."""

    def __init__(self, model: Merged, gone: Sequence[int]) -> None:
        self._model = model
        self._named = {}
        for name in model.names:
            layer = _layer_of(name)
            if layer is None:
                self._named[name] = name
            elif layer not in gone:
                number = layer - sum(each < layer for each in gone)
                self._named[name.replace(f"{_LAYERS}{layer}.", f"{_LAYERS}{number}.")] = name

    @property
    def names(self) -> list[str]:
        return list(self._named)

    def shape(self, name: str) -> tuple[int, ...]:
        return self._model.shape(self._named[name])

    def precision(self, name: str) -> str:
        return self._model.precision(self._named[name])

    def rows(self, name: str, which: Which = slice(None)) -> Rows:
        return self._model.rows(self._named[name], which)


def _layer_of(name: str) -> int | None:
    return int(name.removeprefix(_LAYERS).partition(".")[0]) if name.startswith(_LAYERS) else None


def _config_without(config: dict[str, Any], gone: Sequence[int]) -> dict[str, Any]:
    """What is said of each layer is said of those that stay."""
    layers = config["num_hidden_layers"]
    told = {
        name: [each for layer, each in enumerate(value) if layer not in gone]
        for name, value in config.items()
        if isinstance(value, list) and len(value) == layers
    }
    return {**config, **told, "num_hidden_layers": layers - len(gone)}


def _layer_size(model: GgufModel, types: dict[str, str], layer: int) -> int:
    own = (tensor for tensor in model.tensors if tensor.layer == layer)
    return sum(tensor_types().type(types[tensor.name]).size(tensor.elements) for tensor in own)
