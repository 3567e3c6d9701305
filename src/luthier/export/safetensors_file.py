"""A model's weights as safetensors, written from front to back: the tensors come piece by piece, never whole."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np
import orjson
from numpy.typing import NDArray

from luthier.export.blocks import encoded
from luthier.export.pieces import pieces_of
from luthier.export.tensors import Rows, Which
from luthier.kit.files import write_json, writing_atomically

_SHARD = 5_000_000_000  # bytes; what hubs advise
_WIDTHS = {"F32": 4, "F16": 2, "BF16": 2}
OnWeights = Callable[[int, int], None]


class Weights(Protocol):
    @property
    def names(self) -> list[str]: ...

    def shape(self, name: str) -> tuple[int, ...]: ...

    def precision(self, name: str) -> str: ...

    def rows(self, name: str, which: Which = ...) -> Rows: ...


def write_model(model: Weights, folder: Path, tell: OnWeights) -> None:
    """In the precision that each tensor had; several files with an index where one would be too large."""
    shards = _shards(model)
    total = sum(int(np.prod(model.shape(name))) for name in model.names)
    done = 0

    def count(weights: int) -> None:
        nonlocal done
        done += weights
        tell(done, total)

    placed = {}
    for number, names in enumerate(shards, 1):
        file = f"model-{number:05d}-of-{len(shards):05d}.safetensors" if len(shards) > 1 else "model.safetensors"
        _write(model, names, folder / file, count)
        placed.update(dict.fromkeys(names, file))
    if len(shards) > 1:
        size = sum(_bytes(model, name) for name in model.names)
        write_json(folder / "model.safetensors.index.json", {"metadata": {"total_size": size}, "weight_map": placed})


class Part(NamedTuple):
    """A tensor as a file's head names it."""

    name: str
    dtype: str  # e.g. "F32"
    shape: tuple[int, ...]
    bytes: int


def head_of(parts: Iterable[Part]) -> bytes:
    """What a file begins with; the tensors' bytes follow in the same order, with nothing between them."""
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    place = 0
    for part in parts:
        end = place + part.bytes
        header[part.name] = {"dtype": part.dtype, "shape": part.shape, "data_offsets": [place, end]}
        place = end
    content = orjson.dumps(header)
    content += b" " * (-len(content) % 8)
    return len(content).to_bytes(8, "little") + content


def _shards(model: Weights) -> list[list[str]]:
    shards: list[list[str]] = [[]]
    size = 0
    for name in model.names:
        own = _bytes(model, name)
        if shards[-1] and size + own > _SHARD:
            shards.append([])
            size = 0
        shards[-1].append(name)
        size += own
    return shards


def _write(model: Weights, names: Iterable[str], path: Path, count: Callable[[int], None]) -> None:
    head = head_of(Part(name, _precision(model, name), model.shape(name), _bytes(model, name)) for name in names)
    with writing_atomically(path) as file:
        file.write(head)
        for name in names:
            for which in pieces_of(model.shape(name)):
                rows = model.rows(name, which)
                file.write(_kept(rows, _precision(model, name)).data)
                count(rows.size)


def _kept(rows: NDArray[np.float32], precision: str) -> NDArray[np.uint8]:
    return np.ascontiguousarray(encoded(rows, precision)).reshape(-1)


def _bytes(model: Weights, name: str) -> int:
    return int(np.prod(model.shape(name))) * _WIDTHS[_precision(model, name)]


def _precision(model: Weights, name: str) -> str:
    kept = model.precision(name)
    return kept if kept in _WIDTHS else "F32"
