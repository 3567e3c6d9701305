"""Every example is seen exactly once in an epoch, in an order that depends on nothing but seed, epoch and position."""

import hypothesis.strategies as st
from hypothesis import given

from luthier.data.order import epoch_of_step, epochs_done, indices_of_step, steps_per_epoch
from luthier.data.packing import micro_batches

counts = st.integers(1, 300)
batch_sizes = st.integers(1, 64)
seeds = st.integers(0, 2**63 - 1)
epochs = st.integers(0, 5)


@given(count=counts, batch_size=batch_sizes, seed=seeds, epoch=epochs)
def test_an_epoch_holds_every_example_exactly_once(count: int, batch_size: int, seed: int, epoch: int) -> None:
    length = steps_per_epoch(count, batch_size)
    steps = range(epoch * length + 1, (epoch + 1) * length + 1)
    seen = [index for step in steps for index in indices_of_step(step, batch_size, count, seed)]
    assert sorted(seen) == list(range(count))
    assert {epoch_of_step(step, batch_size, count) for step in steps} == {epoch}


@given(count=counts, batch_size=batch_sizes, seed=seeds, stop=st.integers(1, 100), steps=st.integers(1, 100))
def test_a_run_that_was_cut_in_two_sees_what_the_whole_one_sees(
    count: int, batch_size: int, seed: int, stop: int, steps: int
) -> None:
    whole = [indices_of_step(step, batch_size, count, seed) for step in range(1, steps + 1)]
    before = [indices_of_step(step, batch_size, count, seed) for step in range(1, min(stop, steps) + 1)]
    after = [indices_of_step(step, batch_size, count, seed) for step in range(min(stop, steps) + 1, steps + 1)]
    assert before + after == whole


@given(count=counts, batch_size=batch_sizes, step=st.integers(1, 500))
def test_progress_grows_with_every_step_and_is_whole_at_the_end_of_an_epoch(
    count: int, batch_size: int, step: int
) -> None:
    assert epochs_done(step + 1, batch_size, count) > epochs_done(step, batch_size, count) > 0
    assert epochs_done(3 * steps_per_epoch(count, batch_size), batch_size, count) == 3


@given(lengths=st.lists(st.integers(1, 500), min_size=1, max_size=60), budget=st.integers(64, 1000))
def test_micro_batches_hold_every_example_once_within_the_budget(lengths: list[int], budget: int) -> None:
    groups = micro_batches(lengths, budget)
    assert sorted(index for group in groups for index in group) == list(range(len(lengths)))
    assert all(len(group) == 1 or sum(lengths[index] for index in group) <= budget for group in groups)
