import hypothesis.strategies as st
import numpy as np
from hypothesis import given

from luthier.data.derive.groups import first_of_each, joined

groupings = st.integers(1, 25).flatmap(
    lambda count: st.tuples(*[st.lists(st.integers(0, 8), min_size=count, max_size=count) for _ in range(2)])
)


@given(sides=groupings)
def test_rows_are_joined_by_either_grouping_and_by_every_chain_of_both(sides: tuple[list[int], list[int]]) -> None:
    first, second = sides
    ids = joined(np.array(first), np.array(second)).tolist()
    reached = list(range(len(first)))
    for _ in first:  # the slow and obvious way
        for one in range(len(first)):
            for other in range(len(first)):
                if first[one] == first[other] or second[one] == second[other]:
                    reached[one] = reached[other] = min(reached[one], reached[other])
    for one in range(len(first)):
        for other in range(len(first)):
            assert (ids[one] == ids[other]) == (reached[one] == reached[other])


def test_the_first_of_each_group_is_kept() -> None:
    assert first_of_each(np.array([4, 4, 2, 4, 2, 9])).tolist() == [True, False, True, False, False, True]
