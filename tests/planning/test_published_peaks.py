"""No GPU was here to measure on: what is expected of one is held against what others measured."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from luthier.domain.adapters import LoraSettings
from luthier.domain.models import ModelShape
from luthier.planning.memory import peak_memory
from tests.builders import data_facts
from tests.planning.loads import a_load

PUBLISHED: dict[str, Any] = tomllib.loads((Path(__file__).parent / "published_peaks.toml").read_text("utf-8"))
SHAPES = {name: ModelShape.model_validate(values) for name, values in PUBLISHED["shapes"].items()}


@pytest.mark.parametrize("peak", PUBLISHED["peaks"], ids=lambda peak: peak["name"])
def test_what_is_expected_of_a_gpu_is_what_others_measured_within_15_percent(peak: dict[str, Any]) -> None:
    assert peak["source"] in PUBLISHED["sources"]
    tokens, shape = peak["tokens"], SHAPES[peak["shape"]]
    load = a_load(
        shape=shape,
        facts=data_facts(
            tokens_p50=tokens, tokens_p95=tokens, tokens_max=tokens, tokens_mean=float(tokens), supervised_share=1.0
        ),
        adapter=LoraSettings(rank=8),
        batch_size=peak["batch"],
        precision=peak["precision"],
        kernels="reference" if peak["precision"] == "nf4" else "fused",
        gradient_checkpointing=True,
        device="cuda",
    )
    ours = peak_memory(load, tokens, peak["batch"] * tokens)
    all_logits = peak["logit_bytes"] * peak["batch"] * tokens * shape.vocabulary
    expected = ours.total + all_logits - (0 if peak["context"] else ours.framework)
    assert expected == pytest.approx(peak["gibibytes"] * 2**30, rel=0.15)
