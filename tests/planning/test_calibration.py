"""What runs teach: robust, bounded, and never learnt twice."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from luthier.domain.plans import Calibration
from luthier.planning.calibration import Lesson, calibrated
from luthier.planning.choose import make_plan
from luthier.planning.knowledge import Knowledge
from tests.builders import a_machine, a_model_shape, a_recipe, data_facts

ratios = st.floats(0.01, 100)


def lessons(*pairs: tuple[float, float]) -> list[Lesson]:
    return [Lesson(memory=memory, duration=duration) for memory, duration in pairs]


@given(st.lists(st.tuples(ratios, ratios), max_size=40))
def test_factors_stay_within_their_bounds(pairs: list[tuple[float, float]]) -> None:
    learnt = calibrated(lessons(*pairs))
    assert 0.67 <= learnt.memory_factor <= 1.5
    assert 0.2 <= learnt.duration_factor <= 5
    assert learnt.runs == min(20, len(pairs))


def test_nothing_is_learnt_from_nothing() -> None:
    assert calibrated([]) == Calibration()


def test_many_runs_that_agree_are_believed_and_one_is_doubted_less_of_time_than_of_memory() -> None:
    many = calibrated(lessons(*[(1.2, 2.0)] * 20))
    one = calibrated(lessons((1.2, 2.0)))
    assert many.memory_factor == pytest.approx(1.2, rel=0.02)
    assert many.duration_factor == pytest.approx(2.0, rel=0.07)
    assert 1 < one.memory_factor < 1.07
    assert 1.5 < one.duration_factor < 1.7


def test_one_odd_run_moves_little() -> None:
    odd = calibrated(lessons(*[(1.0, 1.0)] * 9, (9.0, 50.0)))
    assert odd.memory_factor == odd.duration_factor == 1.0


def test_the_newest_runs_count() -> None:
    assert calibrated(lessons(*[(1.0, 1.0)] * 20, *[(1.5, 5.0)] * 20)).duration_factor == 1.0


def test_a_plan_is_corrected_by_what_was_learnt_and_says_so() -> None:
    learnt = Calibration(runs=5, memory_factor=1.1, duration_factor=2.0)
    plain = make_plan(a_recipe(), a_machine(), a_model_shape(), data_facts())
    taught = make_plan(a_recipe(), a_machine(), a_model_shape(), data_facts(), Knowledge(calibration=learnt))
    assert taught.memory.middle == pytest.approx(1.1 * plain.memory.middle)
    assert taught.duration.middle == pytest.approx(2 * plain.duration.middle)
    assert taught.calibration == learnt
