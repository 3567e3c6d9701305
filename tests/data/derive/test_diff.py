"""A difference counts every row of both datasets exactly once, and knows a changed row from a new one."""

import tempfile
from dataclasses import replace
from pathlib import Path

import hypothesis.strategies as st
from hypothesis import given

from luthier.data.derive.diff import difference
from luthier.data.derive.sources import changed, numbered, traced
from luthier.domain.datasets import Example
from tests.data.derive.builders import a_pair, a_source, pairs

ROWS = [a_pair(row, f"question {row}", f"answer {row}") for row in range(1, 7)]


@given(before=pairs(), after=pairs())
def test_every_row_of_both_is_counted_once(before: list[Example], after: list[Example]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        found = difference(a_source(Path(folder), before, "ds_1"), a_source(Path(folder), after, "ds_2"))
    assert found.unchanged + len(found.changed) + len(found.removed) == len(before)
    assert found.unchanged + len(found.changed) + len(found.added) == len(after)
    assert len(set(found.changed[:, 0].tolist()) | set(found.removed.tolist())) == len(before) - found.unchanged


@given(rows=pairs(), data=st.data())
def test_another_order_is_no_difference(rows: list[Example], data: st.DataObject) -> None:
    shuffled = list(numbered(data.draw(st.permutations(rows))))
    with tempfile.TemporaryDirectory() as folder:
        found = difference(a_source(Path(folder), rows, "ds_1"), a_source(Path(folder), shuffled, "ds_2"))
    assert (found.unchanged, len(found.changed), len(found.removed), len(found.added)) == (len(rows), 0, 0, 0)


def test_a_row_that_was_changed_is_known_by_where_it_comes_from(tmp_path: Path) -> None:
    derived = [traced(row, "ds_1") for row in ROWS[1:]]
    derived[0] = changed(derived[0], "redact", messages=a_pair(1, "quite another question", "and answer").messages)
    found = difference(a_source(tmp_path, ROWS, "ds_1"), a_source(tmp_path, numbered(derived), "ds_2"))
    assert (found.unchanged, found.changed.tolist(), found.removed.tolist()) == (4, [[1, 0]], [0])
    assert len(found.added) == 0


def test_a_file_that_was_edited_and_imported_again_shows_its_changed_answers(tmp_path: Path) -> None:
    edited = [*ROWS[:2], replace(ROWS[2], messages=a_pair(3, "question 3", "a better answer").messages), *ROWS[4:]]
    edited.append(a_pair(9, "a new question"))
    found = difference(a_source(tmp_path, ROWS, "ds_1"), a_source(tmp_path, numbered(edited), "ds_2"))
    assert (found.unchanged, found.changed.tolist(), found.removed.tolist(), found.added.tolist()) == (
        4,
        [[2, 2]],
        [3],
        [5],
    )


def test_copies_of_a_row_are_added_rows(tmp_path: Path) -> None:
    first = traced(ROWS[0], "ds_1")
    copy = changed(first, "augment", messages=a_pair(1, "question one", "answer 1").messages)
    found = difference(a_source(tmp_path, ROWS[:1], "ds_1"), a_source(tmp_path, numbered([first, copy]), "ds_2"))
    assert (found.unchanged, found.added.tolist()) == (1, [1])
