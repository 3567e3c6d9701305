"""The order of the data must never change: a run begun with one version is resumed with the next."""

import hypothesis.strategies as st
import pytest
from hypothesis import given

from luthier.data.order import epoch_of_step, indices_of_first_steps, indices_of_step, steps_per_epoch

GOLDEN_SEED_0 = [0, 2, 9, 1, 8, 5, 4, 3, 6, 7]
GOLDEN_SEED_0_EPOCH_1 = [5, 3, 7, 8, 2, 4, 1, 0, 6, 9]
GOLDEN_LARGE_SEED = [12, 502, 85, 27, 650, 928, 517, 761]


def test_the_order_is_the_same_for_ever() -> None:
    assert indices_of_step(1, 10, 10, seed=0) == GOLDEN_SEED_0
    assert indices_of_step(2, 10, 10, seed=0) == GOLDEN_SEED_0_EPOCH_1
    assert indices_of_step(1, 8, 1000, seed=2**63 - 1) == GOLDEN_LARGE_SEED


def test_the_last_batch_of_an_epoch_is_kept_short_and_epochs_do_not_mix() -> None:
    assert steps_per_epoch(10, 4) == 3
    assert [len(indices_of_step(step, 4, 10, seed=7)) for step in range(1, 7)] == [4, 4, 2, 4, 4, 2]
    assert [epoch_of_step(step, 4, 10) for step in range(1, 7)] == [0, 0, 0, 1, 1, 1]


def test_epochs_and_seeds_have_orders_of_their_own() -> None:
    orders = {tuple(indices_of_step(step, 50, 50, seed)) for step in (1, 2) for seed in (1, 2)}
    assert len(orders) == 4


@pytest.mark.parametrize("arguments", [(0, 8, 10, 0), (1, 0, 10, 0), (1, 8, 0, 0)])
def test_a_step_that_does_not_exist_is_refused(arguments: tuple[int, int, int, int]) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        indices_of_step(*arguments)


@given(st.integers(1, 30), st.integers(1, 8), st.integers(1, 40), st.integers(0, 5))
def test_first_steps_learn_from_what_each_of_them_does(steps: int, batch: int, count: int, seed: int) -> None:
    each = (indices_of_step(step, batch, count, seed) for step in range(1, steps + 1))
    assert indices_of_first_steps(steps, batch, count, seed) == sorted({index for one in each for index in one})
