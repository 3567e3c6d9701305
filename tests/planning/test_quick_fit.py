"""Whether a base could be tuned here, from its size alone."""

import pytest

from luthier.planning.abilities import ENGINE, EVERYTHING
from luthier.planning.facts import published_shapes
from luthier.planning.quick_fit import quick_fit, shape_of_size
from tests.builders.machines import GIB, a_machine


def test_a_larger_base_never_fits_where_a_smaller_one_does_not() -> None:
    machine = a_machine(available_bytes=8 * GIB)
    sizes = [10**8 * factor for factor in (1, 3, 5, 10, 30, 100, 700)]
    verdicts = [quick_fit(shape_of_size(size, ""), machine, ENGINE).verdict for size in sizes]
    assert verdicts == sorted(verdicts)  # "fits" before "too-large"
    assert set(verdicts) == {"fits", "too-large"}


def test_what_does_not_fit_in_16_bits_may_fit_in_four() -> None:
    shape = next(each for each in published_shapes() if each.name == "Qwen/Qwen2.5-7B-Instruct")
    machine = a_machine(available_bytes=26 * GIB)
    assert quick_fit(shape, machine, ENGINE).verdict == "too-large"
    with_four_bits = EVERYTHING.__class__(devices=("cpu",), quantised=True, gradient_checkpointing=True)
    assert quick_fit(shape, machine, with_four_bits).verdict == "four-bits"


def test_a_base_of_unknown_size_is_said_to_be_unknown() -> None:
    assert quick_fit(None, a_machine(), ENGINE).verdict == "unknown"


@pytest.mark.parametrize("shape", published_shapes(), ids=lambda shape: shape.name)
def test_a_published_size_leads_to_its_published_shape(shape: object) -> None:
    guessed = shape_of_size(shape.parameters, shape.architecture)  # type: ignore[attr-defined]
    assert (guessed.layers, guessed.hidden) == (shape.layers, shape.hidden)  # type: ignore[attr-defined]
