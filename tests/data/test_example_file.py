"""Any page is right, wherever it stands, and an index that is absent or wrong is noticed and written anew."""

from pathlib import Path

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from luthier.data.canonical import write_examples
from luthier.data.example_file import ExampleFile, line_starts, write_index
from luthier.domain.datasets import DatasetUnreadable, Example
from tests.data.builders import a_chat


def examples_of(count: int) -> list[Example]:
    return [a_chat("q" * (row % 7) + "\u2028", "é" * (row % 5) + "\n", row=row) for row in range(1, count + 1)]


@pytest.fixture
def file(tmp_path: Path) -> ExampleFile:
    path, index = tmp_path / "examples.jsonl", tmp_path / "examples.idx.npy"
    write_examples(path, examples_of(40))
    write_index(path, index)
    return ExampleFile(path, index)


@given(offset=st.integers(0, 50), limit=st.integers(0, 50))
def test_a_page_is_what_reading_everything_would_give(
    offset: int, limit: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("page") / "examples.jsonl"
    write_examples(path, examples_of(40))
    page = ExampleFile(path, path.with_suffix(".npy")).page(offset, limit)
    assert list(page) == examples_of(40)[offset : offset + limit]


def test_rows_are_fetched_in_the_order_in_which_they_are_asked_for(file: ExampleFile) -> None:
    assert [example.row for example in file.at([39, 0, 7, 7])] == [40, 1, 8, 8]
    assert len(file) == 40


def shuffled(index: Path) -> None:
    starts = np.load(index)
    starts[5] = starts[6]
    np.save(index, starts)


def of_another_file(index: Path) -> None:
    np.save(index, np.array([0, 10, 20], np.uint64))


def of_another_type(index: Path) -> None:
    np.save(index, np.load(index).astype(np.float64))


def cut_off(index: Path) -> None:
    index.write_bytes(index.read_bytes()[:-40])


DAMAGE = {
    "absent": lambda index: index.unlink(),
    "empty": lambda index: index.write_bytes(b""),
    "no index at all": lambda index: index.write_bytes(b"PK\x03\x04 something else"),
    "cut off": cut_off,
    "of another file": of_another_file,
    "of another type": of_another_type,
    "wrong inside": shuffled,
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_index_is_written_anew(file: ExampleFile, damage: str) -> None:
    index = file.path.with_name("examples.idx.npy")
    whole = index.read_bytes()
    DAMAGE[damage](index)
    again = ExampleFile(file.path, index)
    assert [example.row for example in (*again.page(5, 2), *again.at([5]))] == [6, 7, 6]
    assert index.read_bytes() == whole


def test_a_file_whose_last_line_is_cut_off_is_unreadable_there_only(file: ExampleFile) -> None:
    file.path.write_bytes(file.path.read_bytes()[:-10])
    again = ExampleFile(file.path, file.path.with_name("examples.idx.npy"))
    assert [example.row for example in again.page(0, 2)] == [1, 2]
    with pytest.raises(DatasetUnreadable):
        list(again.page(39, 1))


def test_an_empty_file_has_no_rows(tmp_path: Path) -> None:
    path = tmp_path / "examples.jsonl"
    path.write_bytes(b"")
    assert line_starts(path).tolist() == [0]
    assert list(ExampleFile(path, tmp_path / "i.npy").page(0, 10)) == []


def test_a_page_is_read_without_what_stands_before_it(file: ExampleFile) -> None:
    content = file.path.read_bytes()
    damaged = content.find(b"\n", len(content) // 2)
    file.path.write_bytes(b"\n".join(b"#" * len(line) for line in content[:damaged].split(b"\n")) + content[damaged:])
    again = ExampleFile(file.path, file.path.with_name("examples.idx.npy"))
    assert [example.row for example in again.page(38, 2)] == [39, 40]
    with pytest.raises(DatasetUnreadable, match="line 1 "):
        list(again.page(0, 1))
