"""Faults put into GGUF files: the file is read by llama.cpp's own Python package, and written anew with one change."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import gguf
import numpy as np

from luthier.export.gguf_file import Entry, Value, write_gguf

_KINDS = {
    gguf.GGUFValueType.UINT32: "u32",
    gguf.GGUFValueType.INT32: "i32",
    gguf.GGUFValueType.FLOAT32: "f32",
    gguf.GGUFValueType.BOOL: "bool",
    gguf.GGUFValueType.STRING: "string",
}


def changed_metadata(path: Path, key: str, change: Callable[[Any], Any], drop: str = "") -> None:
    """Fields whose name ends in `drop` are left out."""
    _again(path, lambda name, value: change(value) if name == key else value, lambda name, rows: rows, drop)


def changed_tensor(path: Path, name: str, change: Callable[[np.ndarray], np.ndarray]) -> None:
    _again(path, lambda key, value: value, lambda each, rows: change(rows) if each == name else rows, "")


def _again(
    path: Path, value_of: Callable[[str, Any], Any], rows_of: Callable[[str, np.ndarray], np.ndarray], drop: str
) -> None:
    reader = gguf.GGUFReader(path)
    metadata = {
        key: Value(_KINDS[field.types[-1]] if field.data else "string", value_of(key, field.contents()))
        for key, field in reader.fields.items()
        if not key.startswith("GGUF.") and not (drop and key.endswith(drop))
    }
    entries, pieces = [], []
    for tensor in reader.tensors:
        rows = np.ascontiguousarray(rows_of(tensor.name, np.array(tensor.data)))
        entries.append(Entry(tensor.name, tuple(reversed(tensor.shape.tolist())), int(tensor.tensor_type), rows.nbytes))
        pieces.append(rows.view(np.uint8))
    with open(path.with_suffix(".new"), "wb") as file:
        write_gguf(file, metadata, entries, pieces)
    path.with_suffix(".new").replace(path)
