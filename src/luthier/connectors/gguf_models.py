"""A GGUF file on this machine: which model it is, how it is quantised, and whether its weights can be trained on."""

from collections import Counter
from functools import lru_cache
from pathlib import Path
from typing import Any

from luthier.domain.gguf import GgufFile
from luthier.domain.models import ModelShape
from luthier.export.facts import Family, families, pre_tokenizers, tensor_types
from luthier.export.gguf_header import GgufHeader, Items, read_gguf_header

_REMEMBERED = 256  # files; reading a header takes a tenth of a second where the vocabulary is large


def describe_gguf(path: Path) -> GgufFile:
    """Reads its header, unless that was read before and the file is the same. A damaged one is told as that."""
    try:
        state = path.stat()
    except OSError as error:
        return GgufFile(name=path.name, path=str(path), size_bytes=0, damage=_words(error))
    return _described(path, state.st_size, state.st_mtime_ns)


@lru_cache(_REMEMBERED)
def _described(path: Path, size_bytes: int, _changed_ns: int) -> GgufFile:
    try:
        header = read_gguf_header(path)
    except (OSError, ValueError) as error:
        return GgufFile(name=path.name, path=str(path), size_bytes=size_bytes, damage=_words(error))
    said = header.metadata
    name = str(said.get("general.architecture", ""))
    family = next((each for each in families().families if each.name == name), None)
    shape = _shape(header, family) if family else None
    return GgufFile(
        name=path.name,
        path=str(path),
        size_bytes=size_bytes,
        title=str(said.get("general.name", "")),
        family=name,
        quantisation=_quantisation(header),
        licence=str(said.get("general.license") or "not stated"),
        parameters=sum(tensor.elements for tensor in header.tensors),
        shape=shape,
        only_asked=_only_asked(said, family, shape),
    )


def _only_asked(said: dict[str, Any], family: Family | None, shape: ModelShape | None) -> str:
    kind, parts = said.get("general.type", "model"), said.get("split.count", 0)
    cutting = str(said.get("tokenizer.ggml.pre", "none"))
    known = next((way for way in pre_tokenizers().ways if way.name == cutting), None)
    if kind != "model":
        return f"it is of the kind {kind}"
    if parts and parts > 1:
        return f"it is one of {parts} parts"
    if family is None or not family.is_read_back:
        return (
            f"models of the family {said.get('general.architecture', 'unknown')} are not turned back into safetensors"
        )
    if shape is None:
        return "its header does not say what its layers are like"
    if said.get("tokenizer.ggml.model") != "gpt2" or known is None or not known.is_read_back:
        return f"its tokenizer, of the kind {cutting}, cannot be rebuilt exactly"
    if "tokenizer.chat_template" not in said:
        return "it has no chat template"
    return ""


def _shape(header: GgufHeader, family: Family) -> ModelShape | None:
    """None where a number is missing, or differs from layer to layer."""
    said = header.metadata

    def number(key: str, default: int | None = None) -> int:
        value = said.get(f"{family.name}.{key}", default)
        if not isinstance(value, int) or value < 1:
            raise ValueError(key)
        return value

    tokens = said.get("tokenizer.ggml.tokens")
    try:
        hidden, heads = number("embedding_length"), number("attention.head_count")
        return ModelShape(
            architecture=family.architectures[0],
            layers=number("block_count"),
            hidden=hidden,
            intermediate=number("feed_forward_length"),
            heads=heads,
            kv_heads=number("attention.head_count_kv", heads),
            head_width=number("attention.key_length", max(1, hidden // heads)),
            vocabulary=tokens.count if isinstance(tokens, Items) else 0,
            context_length=number("context_length"),
            tied_embeddings=all(tensor.name != "output.weight" for tensor in header.tensors),
            parameters=sum(tensor.elements for tensor in header.tensors),
        )
    except ValueError:
        return None


def _quantisation(header: GgufHeader) -> str:
    """As the file calls its mixture, else the type that most weights have."""
    types = tensor_types()
    said = header.metadata.get("general.file_type")
    named = next((kind.name for kind in types.kinds if kind.file_type == said), "")
    if named or not header.tensors:
        return named
    weights: Counter[int] = Counter()
    for tensor in header.tensors:
        weights[tensor.type_id] += tensor.elements
    most = weights.most_common(1)[0][0]
    return next((each.name for each in types.types if each.id == most), f"type {most}")


def _words(error: Exception) -> str:
    return (getattr(error, "strerror", None) or str(error)).rstrip(".").lower()
