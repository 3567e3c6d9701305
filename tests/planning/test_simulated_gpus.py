"""What a practitioner would choose: LoRA where the base fits in 16 bits, else QLoRA, else nothing."""

import pytest

from luthier.domain.plans import Plan
from luthier.planning.facts import published_shapes
from scripts.reference.simulated import GPUS, plan_on

BASES = {shape.name.rpartition("/")[2]: shape for shape in published_shapes()}
NAMES = {gibibytes: name for name, gibibytes in GPUS}


def way_on(gibibytes: int, base: str) -> str:
    plan = plan_on(gibibytes, NAMES[gibibytes], BASES[base])
    if not isinstance(plan, Plan):
        return "none"
    return plan.settings.precision + (" twice" if plan.settings.gradient_checkpointing else "")


@pytest.mark.parametrize(
    ("base", "expected"),
    [
        ("Qwen2.5-0.5B-Instruct", ["bf16", "bf16", "bf16", "bf16"]),
        ("Qwen2.5-1.5B-Instruct", ["bf16 twice", "bf16", "bf16", "bf16"]),
        ("Qwen2.5-7B-Instruct", ["nf4 twice", "nf4 twice", "bf16 twice", "bf16"]),
        ("Llama-3.1-8B-Instruct", ["none", "nf4 twice", "bf16 twice", "bf16"]),
        ("Qwen2.5-14B-Instruct", ["none", "nf4 twice", "nf4 twice", "bf16"]),
        ("Llama-3.1-70B-Instruct", ["none", "none", "none", "nf4 twice"]),
    ],
)
def test_each_base_is_trained_in_the_best_way_that_fits(base: str, expected: list[str]) -> None:
    assert [way_on(gibibytes, base) for _, gibibytes in GPUS] == expected


def test_a_7b_base_on_8_gb_learns_from_short_examples_in_short_passes() -> None:
    plan = plan_on(8, NAMES[8], BASES["Qwen2.5-7B-Instruct"])
    assert isinstance(plan, Plan)
    assert 512 <= plan.settings.max_length == plan.settings.micro_batch_tokens < 1024


@pytest.mark.parametrize("base", BASES)
def test_a_published_shape_has_the_weights_that_its_numbers_make(base: str) -> None:
    shape = BASES[base]
    queries, keys = shape.heads * shape.head_width, shape.kv_heads * shape.head_width
    layer = 2 * shape.hidden * (queries + keys) + 3 * shape.hidden * shape.intermediate
    tables = shape.vocabulary * shape.hidden * (1 if shape.tied_embeddings else 2)
    assert shape.layers * layer + tables == pytest.approx(shape.parameters, rel=0.001)
