"""What llama.cpp is told about a model's shape, from its config.json, whichever generation of transformers wrote it."""

import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from luthier.domain.exports import ExportUnsupported
from luthier.export.facts import Family, MetadataRule, families
from luthier.export.gguf_file import Value
from luthier.export.tensors import Rows
from luthier.kit.files import read_json


class ModelConfig:
    """Raises ExportUnsupported for an architecture whose layout is not known, or what cannot be said of it."""

    def __init__(self, folder: Path) -> None:
        self.given: dict[str, Any] = read_json(folder / "config.json")
        architecture = str((self.given.get("architectures") or ["unknown"])[0])
        known = {name: family for family in families().families for name in family.architectures}
        if architecture not in known:
            raise ExportUnsupported(
                what=f"its architecture is {architecture}, and GGUF is written for {', '.join(known)}"
            )
        self.family: Family = known[architecture]
        self._rope = _rope(self.given)

    @property
    def layers(self) -> int:
        return int(self.number("num_hidden_layers"))

    @property
    def vocabulary(self) -> int:
        return int(self.number("vocab_size"))

    def number(self, name: str) -> float:
        value = self._derived(name)
        if not isinstance(value, int | float) or isinstance(value, bool):
            raise ExportUnsupported(what=f"its config.json does not say {name}")
        return value

    def metadata(self) -> dict[str, Value]:
        name = self.family.name
        rules = (*families().metadata, *self.family.metadata)
        told = {f"{name}.{rule.key}": self._told(rule) for rule in rules}
        return {**told, **{f"{name}.rope.scaling.{key}": value for key, value in self._scaling()}}

    def extra_tensors(self) -> dict[str, Rows]:
        """Factors by which positions turn slower, where there is one for each pair of numbers."""
        match self._rope.get("rope_type"):
            case "llama3":
                return {"rope_freqs.weight": stretched(self._rope, int(self.number("head_dim")))}
            case "longrope" | "su":
                return {
                    f"rope_factors_{way}.weight": np.array(self._rope[f"{way}_factor"], np.float32)
                    for way in ("long", "short")
                }
        return {}

    def _told(self, rule: MetadataRule) -> Value:
        number = self.number(rule.config)
        return Value(rule.kind, int(number) if rule.kind == "u32" else float(number))

    def _derived(self, name: str) -> Any:
        config = self.given
        match name:
            case "max_position_embeddings" if self.family.ignores_windows and config.get("sliding_window"):
                return min(config[name], config["sliding_window"])
            case "num_key_value_heads":
                return config.get(name) or config.get("num_attention_heads")
            case "head_dim":
                return config.get(name) or self.number("hidden_size") // self.number("num_attention_heads")
            case "rope_theta":
                return self._rope.get(name, config.get(name))
            case "rope_theta_of_sliding":
                sliding = (config.get("rope_parameters") or {}).get("sliding_attention") or {}
                return sliding.get("rope_theta", config.get("rope_local_base_freq"))
            case "rope_dimensions":
                share = self._rope.get("partial_rotary_factor", config.get("partial_rotary_factor", 1.0))
                return int(share * self.number("head_dim"))
            case "original_context_length":
                original = self._rope.get(
                    "original_max_position_embeddings", config.get("original_max_position_embeddings")
                )
                return original or config.get("max_position_embeddings")
            case "sliding_window_or_none":
                return config.get("sliding_window") or 0
        return config.get(name)

    def _scaling(self) -> Iterator[tuple[str, Value]]:
        kind = self._rope.get("rope_type")
        if kind in ("linear", "yarn"):
            yield "type", Value("string", kind)
            yield "factor", Value("f32", float(self._rope["factor"]))
        if kind == "yarn":
            yield "original_context_length", Value("u32", int(self._rope["original_max_position_embeddings"]))
        if kind in ("longrope", "su"):
            yield "type", Value("string", "longrope")
            stretch = self.number("max_position_embeddings") / self.number("original_context_length")
            factor = (
                math.sqrt(1 + math.log(stretch) / math.log(self.number("original_context_length")))
                if stretch > 1
                else 1.0
            )
            yield "attn_factor", Value("f32", factor)
        if kind not in (None, "default", "linear", "yarn", "longrope", "su", "llama3"):
            raise ExportUnsupported(what=f"its positions are scaled in the way {kind}")


def stretched(rope: Mapping[str, Any], width: int) -> Rows:
    """As Llama 3.1 does it: slow turns by the whole factor, fast ones not at all, and smoothly in between."""
    lengths = 2 * np.pi * float(rope["rope_theta"]) ** (np.arange(0, width, 2, dtype=np.float32) / width)
    original = rope["original_max_position_embeddings"]
    low, high = rope["low_freq_factor"], rope["high_freq_factor"]
    smooth = (original / lengths - low) / (high - low)
    between = 1 / ((1 - smooth) / rope["factor"] + smooth)
    factors = np.where(lengths > original / low, rope["factor"], between)
    return np.where(lengths < original / high, 1.0, factors).astype(np.float32)


def _rope(config: dict[str, Any]) -> dict[str, Any]:
    """How positions turn, where a model does it in one way; of two ways, that of the layers that see everything."""
    parameters = config.get("rope_parameters") or {}
    parameters = parameters.get("full_attention", parameters)
    older = config.get("rope_scaling") or {}
    both = {"rope_theta": config.get("rope_theta", 10_000.0), **older, **parameters}
    return {**both, "rope_type": both.get("rope_type", both.get("type"))}
