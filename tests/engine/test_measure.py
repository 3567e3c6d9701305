"""The trace of a tiny base: what its layers keep, exactly, and in the order that mathematics gives."""

from pathlib import Path

import pytest

from luthier.domain.traces import LayerTrace, ModelTrace
from luthier.engine.measure import trace


@pytest.fixture(scope="module")
def traced(tiny_base: Path) -> ModelTrace:
    return trace(tiny_base, "revision-1", ("fp32",))


def layer(traced: ModelTrace, kernels: str, trained: str) -> LayerTrace:
    found = traced.layer(kernels, "fp32", trained)  # type: ignore[arg-type]
    assert found is not None
    return found


def test_weights_are_counted_by_where_they_are(traced: ModelTrace) -> None:
    """Two layers, 32 wide with 64 inside, two of four heads for keys; a tied table of 258 tokens."""
    assert traced.linear_weights == 2 * (2 * 32 * 32 + 2 * 32 * 16 + 3 * 32 * 64)
    assert traced.table_weights == 258 * 32
    assert traced.other_weights == 5 * 32


def test_fused_functions_keep_the_inputs_of_products_and_nothing_else(traced: ModelTrace) -> None:
    """Four times the width for norms and their outputs, queries and attention, keys and values, three times inside."""
    elements = 4 * 32 + 2 * 32 + 2 * 16 + 3 * 64
    assert layer(traced, "fused", "adapter").fixed_bytes_per_token == pytest.approx(4 * elements + 8, rel=0.01)


def test_attention_is_kept_for_each_place_that_a_token_attends_to(traced: ModelTrace) -> None:
    fused = layer(traced, "fused", "adapter")
    assert fused.bytes_per_token_and_place == pytest.approx(4 * 4, rel=0.01)
    assert fused.kept_bytes_per_token(513) < fused.kept_bytes_per_token(512)


def test_the_libraries_own_functions_keep_more(traced: ModelTrace) -> None:
    assert (
        layer(traced, "reference", "adapter").fixed_bytes_per_token
        > 1.1 * layer(traced, "fused", "adapter").fixed_bytes_per_token
    )


def test_only_what_was_asked_for_is_traced(traced: ModelTrace) -> None:
    assert {each.precision for each in traced.layers} == {"fp32"}
    assert {each.trained for each in traced.layers} == {"adapter", "everything"}
