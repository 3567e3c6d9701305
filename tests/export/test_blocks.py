"""The block formats, bit for bit as llama.cpp and its own Python package write them."""

import gguf
import numpy as np
import pytest

from luthier.export.blocks import decoded, encoded
from luthier.export.quantiser import Quantiser
from luthier.export.tensors import Rows

KINDS = ("F32", "F16", "BF16", "Q8_0", "Q5_1", "Q5_0", "Q4_1", "Q4_0")


def awkward_rows() -> Rows:
    """Ordinary ones, and those at which rounding and signs are decided: ties, zeros, equal extremes, tiny and huge."""
    chance = np.random.default_rng(0)
    return np.concatenate(
        [
            chance.normal(size=(64, 256)),
            np.zeros((1, 256)),
            np.tile([1, -1, 0.5, -0.5], (2, 64)),
            np.tile([-1, 1, -0.5, 0.5], (2, 64)),
            chance.integers(-3, 4, size=(64, 256)),
            chance.normal(size=(8, 256)) * 1e-8,
            np.full((1, 256), 3e4),
        ]
    ).astype(np.float32)


@pytest.mark.parametrize("kind", KINDS)
def test_every_format_is_bit_for_bit_that_of_llama_cpp_and_of_its_python_package(kind: str) -> None:
    ours = encoded(awkward_rows(), kind)
    python = gguf.quants.quantize(awkward_rows(), gguf.GGMLQuantizationType[kind])
    assert np.array_equal(ours, python.view(np.uint8).reshape(ours.shape))
    assert np.array_equal(ours, Quantiser(kind).encoded(awkward_rows(), kind))


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_read_back_is_what_a_reader_of_the_format_gets(kind: str) -> None:
    content = encoded(awkward_rows(), kind)
    expected = gguf.quants.dequantize(content, gguf.GGMLQuantizationType[kind])
    assert np.array_equal(decoded(content, kind, expected.shape), expected)


@pytest.mark.parametrize("kind", ["Q6_K", "Q5_K", "Q4_K", "Q3_K", "Q2_K"])
def test_the_types_of_llama_cpps_quantiser_are_read_back_as_its_package_reads_them(kind: str) -> None:
    quantiser, rows = Quantiser(kind), awkward_rows()
    content = quantiser.encoded(rows, kind)
    expected = gguf.quants.dequantize(content, gguf.GGMLQuantizationType[kind])
    assert np.allclose(quantiser.decoded(content, kind, rows.shape), expected, atol=1e-6, rtol=1e-5)


def test_a_number_that_is_none_stays_none_in_bfloat16() -> None:
    rows = np.array([[np.nan, np.inf, -np.inf, 1.0]], np.float32)
    back = decoded(encoded(rows.copy(), "BF16"), "BF16", rows.shape)
    assert np.array_equal(back, rows, equal_nan=True)
