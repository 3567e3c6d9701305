"""Packing puts every example into exactly one group, within the budget, the same way each time."""

import hypothesis.strategies as st
import pytest
from hypothesis import given

from luthier.data.packing import fair_shares, micro_batches


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


@given(lengths=st.lists(st.integers(1, 30), max_size=60), budget=st.integers(1, 40))
def test_each_example_goes_into_the_first_group_that_has_room(lengths: list[int], budget: int) -> None:
    groups: list[list[int]] = []
    for index in sorted(range(len(lengths)), key=lambda each: (-lengths[each], each)):
        filled = (sum(lengths[member] for member in group) for group in groups)
        place = next((at for at, full in enumerate(filled) if full + lengths[index] <= budget), len(groups))
        groups[place:] = [[*groups[place], index] if place < len(groups) else [index], *groups[place + 1 :]]
    assert micro_batches(lengths, budget) == [sorted(group) for group in groups]


def test_equal_lengths_keep_their_order() -> None:
    assert micro_batches([5, 5, 5, 5], 10) == [[0, 1], [2, 3]]


@pytest.mark.parametrize("count", [1, 2, 3, 5, 40])
def test_shares_hold_every_sequence_once_and_about_as_many_tokens_each(count: int) -> None:
    lengths = [7 * number % 64 + 1 for number in range(32)]
    shares = fair_shares(lengths, count)
    assert sorted(index for share in shares for index in share) == list(range(32))
    assert len(shares) == count and all(share == sorted(share) for share in shares)
    tokens = [sum(lengths[index] for index in share) for share in shares]
    assert max(tokens) - min(tokens) <= max(lengths)
