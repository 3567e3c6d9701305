"""The starter under an adapter, with usual examples: what memory and duration are counted for."""

from typing import Any

from luthier.domain.adapters import LoraSettings
from luthier.planning.load import Load
from tests.builders import a_model_shape, data_facts


def a_load(**changes: Any) -> Load:
    values: dict[str, Any] = {
        "shape": a_model_shape(),
        "adapter": LoraSettings(),
        "facts": data_facts(tokens_p50=400, tokens_p95=500, tokens_max=512, tokens_mean=400.0),
        "batch_size": 8,
        "precision": "bf16",
        "kernels": "fused",
    }
    return Load(**(values | changes))
