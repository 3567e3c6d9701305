"""Datasets are split into sides that are disjoint, complete and deterministic, and no question stands on two."""

import hypothesis.strategies as st
import numpy as np
from hypothesis import given

from luthier.data.derive.groups import dense
from luthier.data.derive.split import REST, sides_of
from luthier.data.derive.texts import question_keys
from luthier.domain.datasets import Example
from tests.data.derive.builders import pairs

shares = st.lists(st.floats(0.01, 0.4), min_size=1, max_size=2)
seeds = st.integers(0, 2**63 - 1)


def split(items: list[Example], parts: list[float], seed: int) -> np.ndarray:  # type: ignore[type-arg]
    keys = question_keys(items)
    return sides_of(keys, dense(keys), parts, seed)


@given(items=pairs(), parts=shares, seed=seeds)
def test_every_row_has_one_side_and_no_side_more_than_its_share(
    items: list[Example], parts: list[float], seed: int
) -> None:
    sides = split(items, parts, seed)
    assert len(sides) == len(items)
    assert set(sides.tolist()) <= {REST, *range(len(parts))}
    assert (sides == REST).any()
    for number, share in enumerate(parts):
        assert (sides == number).sum() <= round(share * len(items))


@given(items=pairs(), parts=shares, seed=seeds)
def test_no_question_stands_on_two_sides(items: list[Example], parts: list[float], seed: int) -> None:
    sides = split(items, parts, seed)
    by_question: dict[str, set[int]] = {}
    for example, side in zip(items, sides.tolist(), strict=True):
        by_question.setdefault(example.messages[0].content, set()).add(side)
    assert all(len(found) == 1 for found in by_question.values())


@given(items=pairs(), parts=shares, seed=seeds, data=st.data())
def test_the_order_of_the_rows_does_not_decide_their_side(
    items: list[Example], parts: list[float], seed: int, data: st.DataObject
) -> None:
    shuffled = data.draw(st.permutations(items))
    here = {example.row: side for example, side in zip(items, split(items, parts, seed).tolist(), strict=True)}
    there = {example.row: side for example, side in zip(shuffled, split(shuffled, parts, seed).tolist(), strict=True)}
    assert here == there


def test_another_seed_holds_out_other_rows() -> None:
    keys = np.arange(1000, dtype=np.uint64)
    held_out = {seed: tuple(np.flatnonzero(sides_of(keys, dense(keys), [0.1], seed) == 0)) for seed in (0, 1)}
    assert held_out[0] != held_out[1]
    assert [len(rows) for rows in held_out.values()] == [100, 100]
