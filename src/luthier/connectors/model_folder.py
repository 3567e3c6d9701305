"""A model folder on this machine: may it be used, and what shape and revision has it. Reads headers, no weights."""

import hashlib
import struct
from pathlib import Path
from typing import Any

import orjson

from luthier.domain.models import FolderIsNoModel, ModelRunsCode, ModelShape
from luthier.kit.files import read_json
from luthier.kit.frozen import Frozen

OUTLINE, HEADERS = "outline.json", "headers"  # of a model whose weights are elsewhere: their sizes, and their headers
_HEADER_LIMIT = 100 << 20  # bytes; the safetensors format's own limit
_GIT_LFS_POINTER = b"version https://git-lfs"
_ITEM_BITS = {
    **dict.fromkeys(("F64", "I64", "U64"), 64),
    **dict.fromkeys(("F32", "I32", "U32"), 32),
    **dict.fromkeys(("F16", "BF16", "I16", "U16"), 16),
    **dict.fromkeys(("I8", "U8", "BOOL", "F8_E4M3", "F8_E5M2", "F8_E8M0"), 8),
}

# Architectures name the same numbers differently: the newer spelling first, then that of the GPT-2 generation.
_NAMES = {
    "layers": ("num_hidden_layers", "n_layer", "num_layers"),
    "hidden": ("hidden_size", "n_embd", "d_model"),
    "heads": ("num_attention_heads", "n_head", "num_heads"),
    "vocabulary": ("vocab_size",),
    "context_length": ("max_position_embeddings", "n_positions", "n_ctx"),
}


class ModelFolder(Frozen):
    shape: ModelShape
    weight_files: tuple[str, ...]


def inspect_model_folder(folder: Path) -> ModelFolder:
    """Raises FolderIsNoModel or ModelRunsCode with the reason."""
    sizes = {path.name: path.stat().st_size for path in folder.glob("*.safetensors") if path.is_file()}
    return _inspected(folder, folder, sizes)


def inspect_outline(folder: Path) -> ModelShape:
    """Of a folder that holds everything but the weights. Raises as above."""
    try:
        sizes = {str(name): int(size) for name, size in read_json(folder / OUTLINE).items()}
    except (OSError, ValueError, AttributeError) as error:
        raise FolderIsNoModel(folder=folder, reason=f"its {OUTLINE} cannot be read", details=repr(error)) from error
    return _inspected(folder, folder / HEADERS, sizes).shape


def header_bytes(start: bytes) -> int:
    """How long the header of a safetensors file is, together with the eight bytes that say so."""
    return 8 + struct.unpack("<Q", start[:8])[0] if len(start) >= 8 else len(start)


def _inspected(folder: Path, headers: Path, sizes: dict[str, int]) -> ModelFolder:
    """`sizes` are those of whole weight files, of which `headers` holds at least the beginnings."""
    config = _config(folder)
    _refuse_code(folder, config)
    weight_files = _weight_files(folder, sizes)
    if not (folder / "tokenizer.json").is_file():
        raise FolderIsNoModel(folder=folder, reason="it holds no tokenizer.json")
    tensors: dict[str, int] = {}
    for name in weight_files:
        tensors.update(_tensor_sizes(folder, headers / name, sizes[name]))
    return ModelFolder(shape=_shape(folder, config, tensors), weight_files=weight_files)


def revision_of(sha256_by_file: dict[str, str]) -> str:
    """One hash over the weight files' names and contents."""
    digest = hashlib.sha256()
    for name in sorted(sha256_by_file):
        digest.update(f"{name}\0{sha256_by_file[name]}\n".encode())
    return digest.hexdigest()


def _config(folder: Path) -> dict[str, Any]:
    if not (folder / "config.json").is_file():
        if (folder / "adapter_config.json").is_file():
            raise FolderIsNoModel(
                folder=folder, reason="it holds an adapter, not the base model that the adapter is for"
            )
        if any(folder.glob("*.gguf")):
            raise FolderIsNoModel(folder=folder, reason="it holds a GGUF file, and training needs safetensors")
        raise FolderIsNoModel(folder=folder, reason="it holds no config.json")
    try:
        config = read_json(folder / "config.json")
    except ValueError as error:
        raise FolderIsNoModel(folder=folder, reason="its config.json is not JSON", details=str(error)) from error
    if not isinstance(config, dict):
        raise FolderIsNoModel(folder=folder, reason="its config.json is not a JSON object")
    return config


def _refuse_code(folder: Path, config: dict[str, Any]) -> None:
    if "auto_map" in config:
        raise ModelRunsCode(folder=folder, evidence="auto_map in config.json")
    code = next(iter(sorted(folder.glob("*.py"))), None)
    if code is not None:
        raise ModelRunsCode(folder=folder, evidence=code.name)


def _weight_files(folder: Path, sizes: dict[str, int]) -> tuple[str, ...]:
    index = folder / "model.safetensors.index.json"
    if index.is_file():
        try:
            names = tuple(sorted(set(read_json(index)["weight_map"].values())))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            reason = "its model.safetensors.index.json is unreadable"
            raise FolderIsNoModel(folder=folder, reason=reason, details=repr(error)) from error
    else:
        names = tuple(sorted(sizes))
    if not names:
        has_pickles = any(folder.glob("*.bin")) or any(folder.glob("*.pt")) or any(folder.glob("*.pth"))
        reason = (
            "its weights are pickle files, which can run code; save it as safetensors" if has_pickles else "no weights"
        )
        raise FolderIsNoModel(folder=folder, reason=reason if has_pickles else "it holds no *.safetensors file")
    for name in names:
        if name not in sizes:
            raise FolderIsNoModel(folder=folder, reason=f"its weight file {name} is missing")
    return names


def _tensor_sizes(folder: Path, path: Path, size: int) -> dict[str, int]:
    """Number of elements of each tensor, after checking that the header describes exactly the bytes that follow it."""
    name = path.name
    with open(path, "rb") as file:
        start = file.read(8)
        if start + file.read(len(_GIT_LFS_POINTER) - 8) == _GIT_LFS_POINTER:
            raise FolderIsNoModel(folder=folder, reason=f"{name} is a Git LFS pointer; run `git lfs pull` there first")
        length = struct.unpack("<Q", start)[0] if len(start) == 8 else size
        if not 2 <= length <= min(_HEADER_LIMIT, size - 8):
            raise FolderIsNoModel(folder=folder, reason=f"{name} is no safetensors file, or was cut off")
        file.seek(8)
        header = file.read(length)
    try:
        tensors = {key: value for key, value in orjson.loads(header).items() if key != "__metadata__"}
        counts = {key: _elements(value) for key, value in tensors.items()}
        end = max((value["data_offsets"][1] for value in tensors.values()), default=0)
    except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        reason = f"the header of {name} is damaged"
        raise FolderIsNoModel(folder=folder, reason=reason, details=repr(error)) from error
    if end != size - 8 - length:
        raise FolderIsNoModel(folder=folder, reason=f"{name} has {size} bytes where its header says {8 + length + end}")
    return counts


def _elements(entry: dict[str, Any]) -> int:
    count = 1
    for width in entry["shape"]:
        count *= width
    begin, end = entry["data_offsets"]
    bits = _ITEM_BITS.get(entry["dtype"])
    if bits is not None and (end - begin) * 8 != count * bits:
        raise ValueError(f"{count} elements of {entry['dtype']} do not fill {end - begin} bytes")
    return count


def _shape(folder: Path, config: dict[str, Any], tensors: dict[str, int]) -> ModelShape:
    architecture = str((config.get("architectures") or ["unknown"])[0])
    if not architecture.endswith(("ForCausalLM", "LMHeadModel")):
        raise FolderIsNoModel(folder=folder, reason=f"its architecture {architecture} is not a text generator")
    if "quantization_config" in config:
        raise FolderIsNoModel(folder=folder, reason="its weights are quantised; give the original in 16 or 32 bits")
    numbers = {part: _number(folder, config, names) for part, names in _NAMES.items()}
    heads = numbers["heads"]
    return ModelShape(
        architecture=architecture,
        **numbers,
        intermediate=int(config.get("intermediate_size") or config.get("n_inner") or 4 * numbers["hidden"]),
        kv_heads=int(config.get("num_key_value_heads") or heads),
        head_width=int(config.get("head_dim") or numbers["hidden"] // heads),
        tied_embeddings=bool(config.get("tie_word_embeddings", "lm_head.weight" not in tensors)),
        parameters=sum(tensors.values()),
    )


def _number(folder: Path, config: dict[str, Any], names: tuple[str, ...]) -> int:
    for name in names:
        value = config.get(name)
        if isinstance(value, int) and not isinstance(value, bool) and value > 0:
            return value
    raise FolderIsNoModel(folder=folder, reason=f"its config.json does not say {names[0]}")
