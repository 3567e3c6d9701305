"""Faults put into GGUF files: the file is read and written anew by llama.cpp's own Python package, with one change."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import gguf
import numpy as np


def changed_metadata(path: Path, key: str, change: Callable[[Any], Any], drop: str = "") -> None:
    """Fields whose name ends in `drop` are left out."""
    _again(path, lambda name, value: change(value) if name == key else value, lambda name, rows: rows, drop)


def changed_tensor(path: Path, name: str, change: Callable[[np.ndarray], np.ndarray]) -> None:
    _again(path, lambda key, value: value, lambda each, rows: change(rows) if each == name else rows, "")


def _again(
    path: Path, value_of: Callable[[str, Any], Any], rows_of: Callable[[str, np.ndarray], np.ndarray], drop: str
) -> None:
    reader = gguf.GGUFReader(path)
    aside = path.with_suffix(".new")
    writer = gguf.GGUFWriter(aside, reader.fields["general.architecture"].contents())
    for key, field in reader.fields.items():
        if key.startswith("GGUF.") or key == "general.architecture" or (drop and key.endswith(drop)):
            continue
        kind = field.types[0]
        items = field.types[-1] if kind == gguf.GGUFValueType.ARRAY else None
        writer.add_key_value(key, value_of(key, field.contents()), kind, items)
    for tensor in reader.tensors:
        rows = np.ascontiguousarray(rows_of(tensor.name, np.array(tensor.data)))
        writer.add_tensor(tensor.name, rows, raw_dtype=tensor.tensor_type)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    aside.replace(path)
