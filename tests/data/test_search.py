"""A search finds what is said, by whom it is said, and never looks at more rows than it may."""

from pathlib import Path

import hypothesis.strategies as st
import pytest
from hypothesis import given

from luthier.data.canonical import write_examples
from luthier.data.example_file import ExampleFile
from luthier.data.search import search, search_among
from luthier.domain.datasets import Example, Message, Role, ToolCall
from tests.data.builders import a_chat

CALL = Message(Role.ASSISTANT, "", tool_calls=(ToolCall("find_stock", {"article": "Ebony peg"}),))
EXAMPLES = [
    a_chat("Where is the GLUE?", "In the jar.", row=1),
    a_chat("Is it content?", 'She said "glue"\nand left.', row=2),
    a_chat("Straße und ÖL", "ja", row=3),
    Example(4, messages=(Message(Role.USER, "any left?"), CALL)),
    Example(5, text="A tin of glue."),
]


@pytest.fixture
def file(tmp_path: Path) -> ExampleFile:
    path = tmp_path / "examples.jsonl"
    write_examples(path, EXAMPLES)
    return ExampleFile(path, tmp_path / "i.npy")


@pytest.mark.parametrize(
    ("text", "role", "rows"),
    [
        ("glue", None, [1, 2, 5]),
        ("GLUE", Role.USER, [1]),
        ("glue", Role.ASSISTANT, [2]),
        ('"glue"\nand', None, [2]),
        ("strasse", None, [3]),
        ("STRASSE", None, [3]),
        ("straße", None, [3]),
        ("öl", None, [3]),
        ("ebony", None, [4]),
        ("role", None, []),
        ("content", None, [2]),
        ("nowhere", None, []),
    ],
)
def test_what_is_said_is_found_and_nothing_else(
    file: ExampleFile, text: str, role: Role | None, rows: list[int]
) -> None:
    found = search(file, text, role, scan_at_most=100)
    assert [example.row for example in found.examples] == rows
    assert found.next is None


def test_a_call_looks_at_no_more_rows_than_it_may_and_says_where_to_go_on(file: ExampleFile) -> None:
    found = search(file, "ebony", scan_at_most=2)
    assert (found.examples, found.next, found.scanned) == ((), 2, 2)
    found = search(file, "ebony", after=2, scan_at_most=2)
    assert (found.positions, found.next) == ((3,), 4)
    assert search(file, "ebony", after=99, scan_at_most=2).next is None


@given(limit=st.integers(1, 4), scan_at_most=st.integers(1, 6))
def test_pages_together_give_every_row_once(
    limit: int, scan_at_most: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("pages") / "examples.jsonl"
    write_examples(path, EXAMPLES * 3)
    file = ExampleFile(path, path.with_suffix(".npy"))
    positions: list[int] = []
    after: int | None = 0
    while after is not None:
        page = search(file, "glue", after=after, limit=limit, scan_at_most=scan_at_most)
        assert len(page.examples) <= limit and page.scanned <= scan_at_most
        positions += page.positions
        after = page.next
    assert positions == [0, 1, 4, 5, 6, 9, 10, 11, 14]


@given(among=st.sets(st.integers(0, 14)).map(sorted), limit=st.integers(1, 4), scan_at_most=st.integers(1, 6))
def test_pages_among_some_rows_give_each_that_says_it_once(
    among: list[int], limit: int, scan_at_most: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("pages") / "examples.jsonl"
    write_examples(path, EXAMPLES * 3)
    file = ExampleFile(path, path.with_suffix(".npy"))
    positions: list[int] = []
    after: int | None = 0
    while after is not None:
        page = search_among(file, among, "glue", after=after, limit=limit, scan_at_most=scan_at_most)
        assert len(page.examples) <= limit and page.scanned <= scan_at_most
        positions += page.positions
        after = page.next
    assert positions == [position for position in among if position % 5 in (0, 1, 4)]
