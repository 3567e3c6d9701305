"""Packing puts every example into exactly one group, within the budget, the same way each time."""

import hypothesis.strategies as st
from hypothesis import given

from luthier.data.packing import micro_batches


@given(lengths=st.lists(st.integers(1, 200), max_size=40), budget=st.integers(1, 400))
def test_every_example_is_in_one_group_and_only_a_lone_one_exceeds_the_budget(lengths: list[int], budget: int) -> None:
    groups = micro_batches(lengths, budget)
    assert sorted(index for group in groups for index in group) == list(range(len(lengths)))
    for group in groups:
        assert group == sorted(group)
        assert len(group) == 1 or sum(lengths[index] for index in group) <= budget
    assert micro_batches(lengths, budget) == groups


@given(lengths=st.lists(st.integers(1, 100), max_size=40))
def test_nothing_of_a_later_group_would_fit_into_an_earlier_one(lengths: list[int]) -> None:
    groups = micro_batches(lengths, 100)
    for at, group in enumerate(groups):
        filled = sum(lengths[index] for index in group)
        assert all(filled + lengths[index] > 100 for later in groups[at + 1 :] for index in later)


def test_equal_lengths_keep_their_order() -> None:
    assert micro_batches([5, 5, 5, 5], 10) == [[0, 1], [2, 3]]
