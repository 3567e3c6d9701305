"""Whatever an example holds, it comes back the same from its file, and the file is whole or absent."""

import string
from pathlib import Path

import hypothesis.strategies as st
import pytest
from hypothesis import given

from luthier.data.canonical import from_dict, read_examples, to_dict, write_examples
from luthier.domain.datasets import DatasetUnreadable, Example, Message, Origin, Role, ToolCall
from luthier.kit.files import sha256_of
from tests.data.builders import a_chat

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
calls = st.builds(
    ToolCall, st.text(string.ascii_letters, min_size=1), st.dictionaries(texts, values), st.none() | texts
)
messages = st.builds(
    Message,
    st.sampled_from(Role),
    texts,
    reasoning=st.none() | texts,
    tool_calls=st.lists(calls, max_size=2).map(tuple),
    name=st.none() | texts,
    train=st.booleans(),
)
origins = st.none() | st.builds(Origin, texts, st.integers(1, 10**9), st.lists(texts, max_size=3).map(tuple))
examples = st.builds(
    Example,
    st.integers(1, 10**9),
    messages=st.lists(messages, min_size=1, max_size=4).map(tuple),
    tools=st.lists(st.dictionaries(texts, values, max_size=2), max_size=2).map(tuple),
    origin=origins,
    category=texts,
) | st.builds(Example, st.integers(1, 10**9), text=texts.filter(bool), origin=origins)


@given(example=examples)
def test_every_example_survives_the_round_trip(example: Example) -> None:
    assert from_dict(to_dict(example)) == example


def test_a_file_survives_the_round_trip_with_line_separators_inside(tmp_path: Path) -> None:
    written = [a_chat("one\u2028two\x85\r\nthree", "四", row=row) for row in range(1, 4)]
    path = tmp_path / "data" / "examples.jsonl"
    sha256 = write_examples(path, written)
    assert list(read_examples(path)) == written
    assert sha256 == sha256_of(path)


def test_defaults_are_left_out() -> None:
    assert to_dict(a_chat("q", "a", row=7)) == {
        "row": 7,
        "messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}],
    }
    assert to_dict(Example(8, text="t")) == {"row": 8, "text": "t"}
    traced = Example(8, text="t", origin=Origin("ds_1", 3, ("redact",)))
    assert to_dict(traced)["origin"] == ["ds_1", 3, "redact"]


def test_a_failure_half_way_leaves_the_old_file_and_no_rest(tmp_path: Path) -> None:
    path = tmp_path / "examples.jsonl"
    write_examples(path, [a_chat("old", "old")])

    def broken():  # type: ignore[no-untyped-def]
        yield a_chat("new", "new")
        raise OSError("the disk is gone")

    with pytest.raises(OSError, match="gone"):
        write_examples(path, broken())
    assert [example.messages[0].content for example in read_examples(path)] == ["old"]
    assert [item.name for item in tmp_path.iterdir()] == ["examples.jsonl"]


@pytest.mark.parametrize(
    "line",
    [
        "{",
        '{"messages": []}',
        '{"row": 1, "messages": [{"role": "x", "content": ""}]}',
        "3",
        '{"row":1,"text":"a","origin":[]}',
    ],
)
def test_a_damaged_line_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "examples.jsonl"
    path.write_text('{"row":1,"text":"a"}\n' + line + "\n", encoding="utf-8")
    with pytest.raises(DatasetUnreadable, match="line 2"):
        list(read_examples(path))
