"""Tiny models whose weights follow from their names alone, so that another program's work on them can be recorded."""

import json
import zlib
from pathlib import Path

import numpy as np
from safetensors import safe_open
from safetensors.torch import save_file

from tests.builders.models import a_model_folder

FAMILIES = {
    "llama": {},
    "mistral": {"sliding_window": None},
    "qwen2": {},
    "qwen3": {},
    "gemma2": {},
    "gemma3_text": {},
    "phi3": {},
    "llama-untied": {"tie_word_embeddings": False},
    "llama-stretched": {
        "rope_parameters": {
            "rope_type": "llama3",
            "rope_theta": 10000.0,
            "factor": 8.0,
            "low_freq_factor": 1.0,
            "high_freq_factor": 4.0,
            "original_max_position_embeddings": 64,
        }
    },
}


def a_recorded_model(folder: Path, name: str) -> Path:
    import torch

    base = a_model_folder(folder, family=name.partition("-")[0], **FAMILIES[name])
    tensors = {}
    with safe_open(base / "model.safetensors", "pt") as file:
        for key in file.keys():  # noqa: SIM118 - it is no mapping
            shape = file.get_slice(key).get_shape()
            values = np.random.default_rng(zlib.crc32(key.encode())).normal(size=shape).astype(np.float32)
            tensors[key] = torch.from_numpy(values).to(torch.bfloat16)
    save_file(tensors, base / "model.safetensors", {"format": "pt"})
    return base


def recorded(name: str) -> dict[str, dict[str, str]]:
    """Kind of GGUF -> name of a tensor -> SHA-256 of its bytes, as llama.cpp's converter wrote them."""
    text = (Path(__file__).parent / "files" / "converter.json").read_text("utf-8")
    document: dict[str, dict[str, dict[str, str]]] = json.loads(text)["models"]
    return document[name]
