"""Tensors in memory as one safetensors file of 32-bit numbers."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import orjson

from luthier.export.tensors import Rows
from luthier.kit.files import writing_atomically


def write_tensors(tensors: Mapping[str, Rows], path: Path) -> None:
    header: dict[str, object] = {"__metadata__": {"format": "pt"}}
    place = 0
    for name, values in tensors.items():
        size = values.size * 4
        header[name] = {"dtype": "F32", "shape": list(values.shape), "data_offsets": [place, place + size]}
        place += size
    content = orjson.dumps(header)
    content += b" " * (-len(content) % 8)
    with writing_atomically(path) as file:
        file.write(len(content).to_bytes(8, "little") + content)
        for values in tensors.values():
            file.write(np.ascontiguousarray(values, np.float32).data)
