"""Any machine, base, data and recipe that can occur."""

from hypothesis import strategies as st

from luthier.domain.machine import Machine
from luthier.domain.models import ModelShape
from luthier.domain.plans import DataFacts
from luthier.domain.recipes import Recipe
from tests.builders import a_machine, a_model_shape, a_recipe, data_facts

MIB = 1 << 20
FEATURES = (("avx2",), ("avx2", "avx512f"), ("avx512_bf16", "avx512f"), ("amx_bf16", "avx512f"), ("asimd",), ())


@st.composite
def machines(draw: st.DrawFn) -> Machine:
    memory = draw(st.integers(512, 512 * 1024)) * MIB
    return a_machine(
        cores=draw(st.integers(1, 128)),
        cpu_features=draw(st.sampled_from(FEATURES)),
        memory_bytes=memory,
        available_bytes=int(memory * draw(st.floats(0.1, 1.0))),
        libc=draw(st.sampled_from(["glibc", "musl", ""])),
    )


@st.composite
def shapes(draw: st.DrawFn) -> ModelShape:
    layers, heads, group = draw(st.integers(1, 80)), draw(st.integers(1, 16)), draw(st.integers(1, 4))
    width = draw(st.sampled_from([32, 64, 128]))
    hidden = heads * group * width
    intermediate = draw(st.integers(1, 4)) * hidden
    vocabulary = draw(st.integers(100, 150_000))
    tied = draw(st.booleans())
    per_layer = 2 * hidden * hidden + 2 * hidden * heads * width + 3 * hidden * intermediate
    return a_model_shape(
        layers=layers,
        hidden=hidden,
        intermediate=intermediate,
        heads=heads * group,
        kv_heads=heads,
        head_width=width,
        vocabulary=vocabulary,
        context_length=draw(st.integers(32, 200_000)),
        tied_embeddings=tied,
        parameters=layers * per_layer + (1 if tied else 2) * vocabulary * hidden,
    )


@st.composite
def facts(draw: st.DrawFn) -> DataFacts:
    lengths = sorted(draw(st.tuples(*[st.integers(2, 50_000)] * 3)))
    return data_facts(
        examples=draw(st.integers(1, 200_000)),
        held_out=draw(st.integers(0, 500)),
        tokens_p50=lengths[0],
        tokens_p95=lengths[1],
        tokens_max=lengths[2],
        tokens_mean=draw(st.floats(lengths[0] / 2 + 1, (lengths[0] + lengths[2]) / 2)),
        supervised_share=draw(st.floats(0.01, 1.0)),
        answers_are_json=draw(st.booleans()),
        answer_tokens_max=draw(st.integers(0, 5000)),
    )


_PINS = {
    "epochs": st.floats(0.1, 100),
    "max_steps": st.integers(1, 10_000),
    "batch_size": st.integers(1, 64),
    "learning_rate": st.floats(1e-6, 1e-1),
    "max_length": st.integers(16, 4096),
    "micro_batch_tokens": st.integers(64, 8192),
    "precision": st.sampled_from(["bf16", "fp32"]),
    "kernels": st.sampled_from(["fused", "reference"]),
    "checkpoint_every": st.integers(1, 100),
    "evaluate_every": st.integers(1, 100),
    "seed": st.integers(0, 2**40),
}


def recipes() -> st.SearchStrategy[Recipe]:
    return st.fixed_dictionaries({}, optional=_PINS).map(lambda settings: a_recipe(settings=settings))
