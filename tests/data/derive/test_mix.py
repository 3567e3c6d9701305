"""A mix has the asked-for proportions at every place, and takes no row twice unless it must."""

from collections import Counter

import hypothesis.strategies as st
from hypothesis import given

from luthier.data.derive.mix import drawn, interleaved, largest_size, quotas

weights = st.lists(st.floats(0.01, 100), min_size=2, max_size=5)


@given(weights=weights, size=st.integers(1, 500))
def test_the_rows_add_up_and_no_dataset_is_off_by_a_whole_row(weights: list[float], size: int) -> None:
    rows = quotas(weights, size)
    assert sum(rows) == size
    assert all(abs(count - size * weight / sum(weights)) < 1 for count, weight in zip(rows, weights, strict=True))


@given(weights=weights, data=st.data())
def test_the_largest_mix_takes_no_row_twice(weights: list[float], data: st.DataObject) -> None:
    counts = data.draw(st.lists(st.integers(0, 300), min_size=len(weights), max_size=len(weights)))
    size = largest_size(counts, weights)
    assert all(rows <= count for rows, count in zip(quotas(weights, size), counts, strict=True))


@given(rows=st.lists(st.integers(0, 40), min_size=1, max_size=4).filter(any))
def test_at_every_place_each_dataset_has_had_its_share(rows: list[int]) -> None:
    order = interleaved(rows).tolist()
    assert Counter(order) == Counter({at: count for at, count in enumerate(rows) if count})
    for place in range(1, len(order) + 1):
        seen = Counter(order[:place])
        assert all(abs(seen[at] - place * count / len(order)) <= len(rows) for at, count in enumerate(rows))


@given(count=st.integers(1, 30), rows=st.integers(0, 100), seed=st.integers(0, 2**63 - 1))
def test_a_row_comes_again_only_after_all_others_have_come(count: int, rows: int, seed: int) -> None:
    taken = Counter(drawn(count, rows, seed, 0).tolist())
    assert sum(taken.values()) == rows
    assert set(taken) <= set(range(count))
    if rows >= count:
        assert max(taken.values()) - min(taken[at] for at in range(count)) <= 1
    else:
        assert max(taken.values(), default=1) == 1
