"""The tensors of safetensors files, read a few rows at a time, as 32-bit numbers whatever they are kept in."""

from pathlib import Path
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from luthier.domain.models import ModelDamaged
from luthier.kit.files import read_json

Rows = NDArray[np.float32]
Which = slice | NDArray[np.int64]

_KEPT_AS: dict[str, type[np.generic]] = {
    "F64": np.float64,
    "F32": np.float32,
    "F16": np.float16,
    "BF16": np.uint16,  # numpy has no such numbers; they are the upper halves of 32-bit ones
}


class TensorFiles:
    """Maps the files into memory, so that only the rows in use take any."""

    def __init__(self, folder: Path, pattern: str = "*.safetensors") -> None:
        """Raises ModelDamaged."""
        self.folder = folder
        self._arrays: dict[str, NDArray[Any]] = {}
        self._kinds: dict[str, str] = {}
        for path in _files(folder, pattern):
            self._open(path)

    @property
    def names(self) -> list[str]:
        return list(self._arrays)

    def __contains__(self, name: str) -> bool:
        return name in self._arrays

    def shape(self, name: str) -> tuple[int, ...]:
        return self._arrays[name].shape

    def precision(self, name: str) -> str:
        """As the file calls it, e.g. "BF16"."""
        return self._kinds[name]

    def rows(self, name: str, which: Which = slice(None)) -> Rows:
        """A copy that belongs to the caller. The rows of a vector are its elements."""
        kept = self._arrays[name][which]
        if self._kinds[name] == "BF16":
            return widened(kept)
        return np.array(kept, np.float32)

    def _open(self, path: Path) -> None:
        size = path.stat().st_size
        try:
            with open(path, "rb") as file:
                length = int.from_bytes(file.read(8), "little")
                header = orjson.loads(file.read(min(length, size)))
            content = np.memmap(path, np.uint8, "r", offset=8 + length) if size > 8 + length else np.empty(0, np.uint8)
            for name, entry in header.items():
                if name != "__metadata__":
                    begin, end = entry["data_offsets"]
                    self._arrays[name] = content[begin:end].view(_KEPT_AS[entry["dtype"]]).reshape(entry["shape"])
                    self._kinds[name] = entry["dtype"]
        except (ValueError, KeyError, TypeError) as error:
            reason = f"{path.name} cannot be read"
            raise ModelDamaged(folder=self.folder, name=self.folder, reason=reason, details=repr(error)) from error


def widened(halves: NDArray[np.uint16]) -> Rows:
    """bfloat16, as bits, to float32."""
    wide = halves.astype(np.uint32)
    wide <<= 16
    return wide.view(np.float32)


def _files(folder: Path, pattern: str) -> list[Path]:
    index = folder / "model.safetensors.index.json"
    if index.is_file():
        return [folder / name for name in sorted(set(read_json(index)["weight_map"].values()))]
    found = sorted(folder.glob(pattern))
    if not found:
        raise ModelDamaged(folder=folder, name=folder, reason="it holds no weights")
    return found
