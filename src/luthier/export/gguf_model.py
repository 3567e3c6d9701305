"""A model with its adapter as one GGUF file: merged, converted and quantised a few rows at a time, in one pass."""

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from luthier.domain.exports import ExportUnsupported
from luthier.export.blocks import Bytes, encoded, is_known
from luthier.export.facts import tensor_types
from luthier.export.gguf_file import Entry, Value, gguf_size, write_gguf
from luthier.export.layout import Placed, layout, types_of
from luthier.export.merging import Merged
from luthier.export.pieces import pieces_of
from luthier.export.quantiser import Quantiser
from luthier.export.shapes import ModelConfig
from luthier.export.tensors import Rows, Which
from luthier.export.vocabulary import vocabulary
from luthier.kit.files import writing_atomically
from luthier.kit.threads import in_turn

_AHEAD = 4  # pieces that may wait for each thread

OnWeights = Callable[[int, int], None]  # weights written so far, and in all


@dataclass(frozen=True, slots=True)
class About:
    """What the file says of the model beside its shape."""

    name: str
    licence: str
    base_name: str
    turn_end_id: int | None


class GgufModel:
    """Raises ExportUnsupported for what has no place in a GGUF file."""

    def __init__(self, folder: Path, model: Merged, about: About) -> None:
        self._model = model
        self._about = about
        self._config = ModelConfig(folder)
        self.tensors = layout(model, self._config)
        self._extra = self._config.extra_tensors()
        self._metadata = {
            **self._config.metadata(),
            **vocabulary(folder, self._config.vocabulary, about.turn_end_id),
        }

    @property
    def layers(self) -> int:
        return self._config.layers

    def types(self, kind: str) -> dict[str, str]:
        """Raises ExportUnsupported for a kind that is not known."""
        try:
            return types_of(tensor_types().kind(kind), self.tensors, self.layers)
        except KeyError:
            known = ", ".join(each.name for each in tensor_types().kinds)
            raise ExportUnsupported(what=f"there is no kind {kind}; there are {known}") from None

    def rows(self, tensor: Placed, which: slice) -> Rows:
        """As the file holds them, before they are encoded."""
        source: Which = which if tensor.order is None else tensor.order[which]
        rows = self._model.rows(tensor.source, source)
        if tensor.plus:
            rows += np.float32(tensor.plus)
        return rows

    def write(self, path: Path, types: Mapping[str, str], file_type: int, threads: int, tell: OnWeights) -> None:
        """Raises QuantiserMissing."""
        ahead = [name for name in types.values() if not is_known(name)]
        quantiser = Quantiser(ahead[0]) if ahead else None
        with writing_atomically(path) as file, ThreadPoolExecutor(threads) as pool:
            pieces = in_turn(pool, self._jobs(types, quantiser), threads * _AHEAD)
            write_gguf(file, self._all_metadata(file_type), self._entries(types), self._all_pieces(pieces, tell))

    def size(self, types: Mapping[str, str]) -> int:
        """Of the file, to the byte."""
        return gguf_size(self._all_metadata(0), self._entries(types))

    def _entries(self, types: Mapping[str, str]) -> list[Entry]:
        extra = [Entry(name, values.shape, 0, values.nbytes) for name, values in self._extra.items()]
        return [*extra, *(tensor.entry(types[tensor.name]) for tensor in self.tensors)]

    def _all_metadata(self, file_type: int) -> dict[str, Value]:
        return {**self._general(file_type), **self._metadata}

    def _general(self, file_type: int) -> dict[str, Value]:
        about = self._about
        return {
            "general.architecture": Value("string", self._config.family.name),
            "general.type": Value("string", "model"),
            "general.name": Value("string", about.name),
            "general.license": Value("string", about.licence),
            "general.base_model.count": Value("u32", 1),
            "general.base_model.0.name": Value("string", about.base_name),
            "general.file_type": Value("u32", file_type),
            "general.quantization_version": Value("u32", 2),
        }

    def _jobs(self, types: Mapping[str, str], quantiser: Quantiser | None) -> Iterator[Callable[[], tuple[int, Bytes]]]:
        for tensor in self.tensors:
            name = types[tensor.name]
            for which in pieces_of(tensor.shape):
                yield partial(self._piece, tensor, which, name, quantiser)

    def _piece(self, tensor: Placed, which: slice, name: str, quantiser: Quantiser | None) -> tuple[int, Bytes]:
        rows = self.rows(tensor, which)
        size = rows.size
        if is_known(name):
            return size, encoded(rows, name)
        assert quantiser is not None
        return size, quantiser.encoded(rows, name)

    def _all_pieces(self, pieces: Iterator[tuple[int, Bytes]], tell: OnWeights) -> Iterator[Bytes]:
        for values in self._extra.values():
            yield values.view(np.uint8)
        total, done = sum(tensor.elements for tensor in self.tensors), 0
        for size, piece in pieces:
            yield piece
            done += size
            tell(done, total)
