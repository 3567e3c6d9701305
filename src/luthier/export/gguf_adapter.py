"""An adapter alone as a GGUF file, which llama.cpp puts on its base while it runs. LoRA and rsLoRA only."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from luthier.domain.exports import ExportUnsupported
from luthier.export.blocks import Bytes, encoded
from luthier.export.facts import tensor_types
from luthier.export.gguf_file import Entry, Value, write_gguf
from luthier.export.layout import Placed, layout
from luthier.export.merging import LoraChange, Merged, changes_of
from luthier.export.shapes import ModelConfig
from luthier.export.tensors import TensorFiles
from luthier.kit.files import writing_atomically

_TYPES = ("F32", "F16", "BF16")


def write_adapter(base_folder: Path, adapter_folder: Path, path: Path, kind: str, name: str) -> Mapping[str, str]:
    """Returns the type of each tensor. Raises ExportUnsupported for what this form cannot carry."""
    if kind not in _TYPES:
        raise ExportUnsupported(what=f"an adapter of its own is kept as {', '.join(_TYPES)}, not as {kind}")
    base = TensorFiles(base_folder)
    changes = changes_of(adapter_folder, base)
    config = ModelConfig(base_folder)
    chosen = [tensor for tensor in layout(Merged(base, {}), config) if tensor.source in changes]
    tensors: dict[str, Bytes] = {}
    entries, scales = [], set()
    for tensor in chosen:
        change = changes[tensor.source]
        if not isinstance(change, LoraChange):
            raise ExportUnsupported(
                what="only LoRA can be a GGUF file of its own; of other kinds export the merged model"
            )
        scales.add(change.scale * change.a.shape[0])
        for ending, rows in _halves(change, tensor).items():
            entry = Entry(f"{tensor.name}.{ending}", rows.shape, tensor_types().type(kind).id, 0)
            tensors[entry.name] = encoded(rows, kind)
            entries.append(Entry(entry.name, entry.shape, entry.type_id, tensors[entry.name].nbytes))
    if len(scales) != 1:
        raise ExportUnsupported(what="its layers are scaled differently, and the file has one scale for all")
    metadata = {
        "general.architecture": Value("string", config.family.name),
        "general.type": Value("string", "adapter"),
        "general.name": Value("string", name),
        "general.file_type": Value("u32", tensor_types().kind(kind).file_type),
        "adapter.type": Value("string", "lora"),
        "adapter.lora.alpha": Value("f32", scales.pop()),
    }
    with writing_atomically(path) as file:
        write_gguf(file, metadata, entries, tensors.values())
    return dict.fromkeys(tensors, kind)


def _halves(change: LoraChange, tensor: Placed) -> dict[str, np.ndarray[tuple[int, ...], np.dtype[np.float32]]]:
    b = change.b if tensor.order is None else change.b[tensor.order]
    return {"lora_a": change.a.copy(), "lora_b": b.copy()}
