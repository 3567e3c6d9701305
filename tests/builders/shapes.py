"""Shapes of base models."""

from typing import Any

from luthier.domain.models import ModelShape


def a_model_shape(**changes: Any) -> ModelShape:
    """The starter's: 134.5 million weights."""
    values: dict[str, Any] = {
        "architecture": "LlamaForCausalLM",
        "layers": 30,
        "hidden": 576,
        "intermediate": 1536,
        "heads": 9,
        "kv_heads": 3,
        "head_width": 64,
        "vocabulary": 49152,
        "context_length": 8192,
        "tied_embeddings": True,
        "parameters": 134_515_008,
    }
    return ModelShape(**(values | changes))


def an_8b_shape(**changes: Any) -> ModelShape:
    """Eight billion weights, as Llama 3 8B has them."""
    values: dict[str, Any] = {
        "layers": 32,
        "hidden": 4096,
        "intermediate": 14336,
        "heads": 32,
        "kv_heads": 8,
        "head_width": 128,
        "vocabulary": 128256,
        "tied_embeddings": False,
        "parameters": 8_030_261_248,
    }
    return a_model_shape(**(values | changes))
