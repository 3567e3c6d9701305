"""llama.cpp's own quantiser, from the library that xllamacpp brings: for the types that blocks.py does not write."""

import ctypes
import importlib.util
from functools import cache
from pathlib import Path

import numpy as np

from luthier.domain.exports import QuantiserMissing
from luthier.export.blocks import Bytes
from luthier.export.facts import tensor_types
from luthier.export.tensors import Rows


class Quantiser:
    """Raises QuantiserMissing when there is none."""

    def __init__(self, wanted: str) -> None:
        library = _library()
        if library is None:
            raise QuantiserMissing(kind=wanted)
        self._library = library
        self._quantise = library.ggml_quantize_chunk
        self._quantise.restype = ctypes.c_size_t
        self._quantise.argtypes = [
            ctypes.c_int,
            ctypes.c_void_p,
            ctypes.c_void_p,
            *[ctypes.c_int64] * 3,
            ctypes.c_void_p,
        ]

    def encoded(self, rows: Rows, name: str) -> Bytes:
        kind = tensor_types().type(name)
        rows = np.ascontiguousarray(rows)
        height, width = rows.shape
        out = np.empty((height, kind.size(width)), np.uint8)
        written = self._quantise(kind.id, rows.ctypes.data, out.ctypes.data, 0, height, width, None)
        if written != out.nbytes:
            raise ValueError(f"llama.cpp wrote {written} bytes of {name} where {out.nbytes} were expected")
        return out

    def decoded(self, content: Bytes, name: str, shape: tuple[int, ...]) -> Rows:
        read = getattr(self._library, f"dequantize_row_{name.lower().replace('k', 'K')}")
        read.restype = None
        read.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64]
        out = np.empty(shape, np.float32)
        read(np.ascontiguousarray(content).ctypes.data, out.ctypes.data, out.size)
        return out


def is_quantiser_here() -> bool:
    return _library() is not None


@cache
def _library() -> ctypes.CDLL | None:
    """The extension module is a library like any other; not every platform lets its functions be seen from outside."""
    package = importlib.util.find_spec("xllamacpp")
    folders = package.submodule_search_locations if package is not None else None
    for path in (path for folder in folders or () for path in sorted(Path(folder).glob("xllamacpp*.*"))):
        if path.suffix in (".so", ".pyd", ".dylib"):
            library = ctypes.CDLL(str(path))
            return library if hasattr(library, "ggml_quantize_chunk") else None
    return None
