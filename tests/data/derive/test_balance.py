from collections import Counter
from dataclasses import replace

import hypothesis.strategies as st
import numpy as np
from hypothesis import given

from luthier.data.derive.balance import MOST_CATEGORIES, balanced, categories
from tests.data.derive.builders import a_pair

ids = st.lists(st.integers(0, 4), min_size=1, max_size=60).map(lambda found: np.unique(found, return_inverse=True)[1])
seeds = st.integers(0, 2**62)


@given(ids=ids, to=st.sampled_from(["smallest", "largest"]) | st.integers(1, 30), seed=seeds)
def test_every_category_has_the_same_number(ids: np.ndarray, to: "int | str", seed: int) -> None:  # type: ignore[type-arg]
    rows = balanced(ids, to, seed)  # type: ignore[arg-type]
    sizes = np.bincount(ids)
    wanted = {"smallest": sizes.min(), "largest": sizes.max()}.get(str(to), to)
    assert Counter(ids[rows].tolist()) == dict.fromkeys(range(len(sizes)), wanted)
    assert rows.tolist() == sorted(rows.tolist())


@given(ids=ids, seed=seeds)
def test_no_row_comes_again_before_all_of_its_category_have(ids: np.ndarray, seed: int) -> None:  # type: ignore[type-arg]
    taken = Counter(balanced(ids, "largest", seed).tolist())
    for category in np.unique(ids):
        times = [taken[row] for row in np.flatnonzero(ids == category)]
        assert max(times) - min(times) <= 1


@given(ids=ids, seed=seeds)
def test_balancing_to_the_smallest_repeats_nothing(ids: np.ndarray, seed: int) -> None:  # type: ignore[type-arg]
    assert max(Counter(balanced(ids, "smallest", seed).tolist()).values()) == 1


def test_categories_are_answers_whatever_their_case_and_blanks() -> None:
    found = categories([a_pair(1, "a", "Yes"), a_pair(2, "b", " yes\n"), a_pair(3, "c", "no")], "answer")
    assert found is not None
    assert (found.ids.tolist(), found.names) == ([0, 0, 1], ["yes", "no"])


def test_answers_that_are_all_different_are_no_categories() -> None:
    assert categories((a_pair(row, "q", str(row)) for row in range(MOST_CATEGORIES + 1)), "answer") is None


def test_a_category_is_what_a_row_is_filed_under() -> None:
    rows = [
        replace(a_pair(row, "q", str(row)), category=name) for row, name in enumerate(["Rest", "combat", "rest"], 1)
    ]
    found = categories(rows, "category")
    assert found is not None
    assert (found.ids.tolist(), found.names) == ([0, 1, 0], ["rest", "combat"])
