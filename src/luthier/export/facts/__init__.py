"""What llama.cpp's format lays down, as data: types of tensors, families of models, ways to cut text."""

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any, Literal

from luthier.kit.frozen import Frozen


class TensorType(Frozen):
    name: str
    id: int
    weights: int  # in a block
    bytes: int  # of a block
    instead: str | None = None  # for tensors whose width is no whole number of blocks

    def size(self, elements: int) -> int:
        return elements // self.weights * self.bytes


class Kind(Frozen):
    """What one asks for: mostly one type, with finer ones where a coarse one costs most."""

    name: str
    file_type: int
    matrices: str
    head: str | None = None  # of the matrix that makes logits
    sensitive: str | None = None  # of values and of what leads out of the feed-forward part, in some of the layers


class TensorTypes(Frozen):
    source: str
    types: tuple[TensorType, ...]  # finest first
    kinds: tuple[Kind, ...]

    def type(self, name: str) -> TensorType:
        return next(each for each in self.types if each.name == name)

    def kind(self, name: str) -> Kind:
        """Raises KeyError."""
        found = next((each for each in self.kinds if each.name == name), None)
        if found is None:
            raise KeyError(name)
        return found


class MetadataRule(Frozen):
    key: str
    kind: Literal["u32", "f32"]
    config: str


class Family(Frozen):
    architectures: tuple[str, ...]
    name: str  # as llama.cpp calls it
    ignores_windows: bool = False
    turns_neighbours: bool = False
    norms_add_one: bool = False
    is_read_back: bool = False  # transformers makes the original's weights of such a file
    metadata: tuple[MetadataRule, ...] = ()
    tensors: dict[str, str] = {}


class Families(Frozen):
    source: str
    metadata: tuple[MetadataRule, ...]
    tensors: dict[str, str]
    families: tuple[Family, ...]


class PreTokenizer(Frozen):
    name: str
    steps: tuple[str, ...]
    pattern: str = ""
    whole_words_first: bool = False  # a word that is a token is never merged from parts
    is_read_back: bool = False  # held by the round trip in tests/engine/test_dequantise.py
    begins_with_bos: bool = False  # where a file does not say whether a text does


class PreTokenizers(Frozen):
    source: str
    ways: tuple[PreTokenizer, ...]


@cache
def tensor_types() -> TensorTypes:
    return TensorTypes.model_validate(_read("tensor_types.toml"))


@cache
def families() -> Families:
    return Families.model_validate(_read("families.toml"))


@cache
def pre_tokenizers() -> PreTokenizers:
    return PreTokenizers.model_validate(_read("pre_tokenizers.toml"))


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads(files(__name__).joinpath(name).read_text("utf-8"))
