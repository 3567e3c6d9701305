"""A base model with its adapter worked into the weights, a few rows at a time: LoRA, rsLoRA, DoRA, VeRA and IA3."""

import math
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from luthier.domain.exports import ExportUnsupported
from luthier.domain.merges import AdaptersDoNotFit
from luthier.export.tensors import Rows, TensorFiles, Which
from luthier.kit.files import read_json

_PREFIX = "base_model.model."


class Change(Protocol):
    """What an adapter does to one weight."""

    def applied(self, rows: Rows, which: Which) -> Rows: ...


class LowRank:
    """W + s B A."""

    def __init__(self, a: Rows, b: Rows, scale: float) -> None:
        self.a = a
        self.b = b
        self.scale = scale

    def applied(self, rows: Rows, which: Which) -> Rows:
        rows += (self.b[which] * np.float32(self.scale)) @ self.a
        return rows


class LoraChange(LowRank):
    """Of an adapter that is nothing else, so that it can also be kept beside the weights."""


class Decomposed:
    """As LowRank, and then every row is brought to the length that was learnt for it."""

    def __init__(self, low_rank: LowRank, lengths: Rows) -> None:
        self._low_rank = low_rank
        self._lengths = lengths.reshape(-1)

    def applied(self, rows: Rows, which: Which) -> Rows:
        rows = self._low_rank.applied(rows, which)
        rows *= (self._lengths[which] / np.linalg.norm(rows, axis=1))[:, None]
        return rows


class Scaled:
    """Every row, or every column, times what was learnt for it."""

    def __init__(self, factors: Rows) -> None:
        self._factors = factors

    def applied(self, rows: Rows, which: Which) -> Rows:
        rows *= self._factors[which] if self._factors.shape[1] == 1 else self._factors
        return rows


class Merged:
    """Reads like TensorFiles, with the changes made. Without an adapter it is the model itself."""

    def __init__(self, base: TensorFiles, changes: dict[str, Change]) -> None:
        self._base = base
        self._changes = changes

    @property
    def names(self) -> list[str]:
        return self._base.names

    @property
    def changed(self) -> list[str]:
        return list(self._changes)

    def shape(self, name: str) -> tuple[int, ...]:
        return self._base.shape(name)

    def precision(self, name: str) -> str:
        return self._base.precision(name)

    def rows(self, name: str, which: Which = slice(None)) -> Rows:
        rows = self._base.rows(name, which)
        change = self._changes.get(name)
        return rows if change is None else change.applied(rows, which)


def merged(base_folder: Path, adapter_folder: Path | None) -> Merged:
    """Raises ModelDamaged, and ExportUnsupported for an adapter that cannot be worked into the weights."""
    base = TensorFiles(base_folder)
    return Merged(base, {} if adapter_folder is None else changes_of(adapter_folder, base))


def changes_of(adapter_folder: Path, base: TensorFiles) -> dict[str, Change]:
    """By the name of the weight that is changed. What cannot be understood is refused, never left out."""
    config = read_json(adapter_folder / "adapter_config.json")
    _refuse_unknown(config)
    files = TensorFiles(adapter_folder, "adapter_model.safetensors")
    parts = _parts_by_module(files)
    shared = parts.pop("", {})
    changes = {}
    for module, own in parts.items():
        name = f"{module}.weight"
        if name not in base:
            raise ExportUnsupported(what=f"the adapter changes {module}, which the base model does not have")
        changes[name] = _change({**shared, **own}, config, base.shape(name))
    return changes


def lora_changes(adapter_folder: Path, label: str) -> dict[str, LoraChange]:
    """Of each module, for adapters that can be added up. Raises AdaptersDoNotFit for any other kind."""
    config = read_json(adapter_folder / "adapter_config.json")
    try:
        _refuse_unknown(config)
    except ExportUnsupported as error:
        raise AdaptersDoNotFit(version=label, reason=error.problem.fields["what"]) from error
    if not isinstance(config.get("target_modules"), list):
        raise AdaptersDoNotFit(version=label, reason="its layers are not named one by one")
    found = {}
    for module, parts in _parts_by_module(TensorFiles(adapter_folder, "adapter_model.safetensors")).items():
        if sorted(parts) != ["lora_A", "lora_B"]:
            kinds = {"lora_magnitude_vector": "DoRA", "vera_lambda_b": "VeRA", "ia3_l": "IA3"}
            kind = next((name for part, name in kinds.items() if part in parts), "of an unknown kind")
            raise AdaptersDoNotFit(version=label, reason=f"it is {kind}, whose changes do not add up")
        found[module] = _low_rank(parts, config)
    return found


def _refuse_unknown(config: dict[str, Any]) -> None:
    for setting in ("rank_pattern", "alpha_pattern", "modules_to_save", "fan_in_fan_out", "layer_replication"):
        if config.get(setting):
            raise ExportUnsupported(what=f"the adapter uses PEFT's {setting}")
    if config.get("bias", "none") != "none":
        raise ExportUnsupported(what="the adapter trains biases")


def _parts_by_module(files: TensorFiles) -> dict[str, dict[str, Rows]]:
    """Module of the base -> part -> values; what all modules share stands under no name."""
    parts: dict[str, dict[str, Rows]] = {}
    for name in files.names:
        place = name.removeprefix(_PREFIX).removeprefix("base_model.").removesuffix(".weight")
        module, _, part = place.rpartition(".")
        parts.setdefault(module, {})[part] = files.rows(name)
    return parts


def _change(parts: dict[str, Rows], config: dict[str, Any], shape: tuple[int, ...]) -> Change:
    match sorted(parts):
        case ["lora_A", "lora_B"]:
            return _low_rank(parts, config)
        case ["lora_A", "lora_B", "lora_magnitude_vector"]:
            return Decomposed(_low_rank(parts, config), parts["lora_magnitude_vector"])
        case ["vera_A", "vera_B", "vera_lambda_b", "vera_lambda_d"]:
            rows, columns = shape
            a = parts["vera_lambda_d"][:, None] * parts["vera_A"][:, :columns]
            return LowRank(a, parts["vera_lambda_b"][:, None] * parts["vera_B"][:rows], 1.0)
        case ["ia3_l"]:
            return Scaled(parts["ia3_l"])
        case _:
            raise ExportUnsupported(what=f"the adapter holds {', '.join(sorted(parts))}")


def _low_rank(parts: dict[str, Rows], config: dict[str, Any]) -> LoraChange:
    rank = parts["lora_A"].shape[0]
    scale = config["lora_alpha"] / (math.sqrt(rank) if config.get("use_rslora") else rank)
    return LoraChange(parts["lora_A"], parts["lora_B"], scale)
