"""Rows that are counted many at once are counted as if each were read alone."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from luthier.data.canonical import to_line
from luthier.data.check import Scan, ScanState, check_source
from luthier.data.plain_blocks import PlainBlocks
from luthier.domain.datasets import DatasetReport, Example, Mapping, Shape

TEXTS = st.one_of(
    st.text('abc ü漢\n\t"\\', max_size=12),
    st.sampled_from(["", "  ", "\u200b", "<|im_end|>", "a\x08b", "\x0c", "NaN", "Ж", "Жa", "aЖ", "😀", "\x85"]),
)
TURNS = st.lists(
    st.fixed_dictionaries(
        {
            "role": st.sampled_from(["system", "user", "assistant", "User", "tool", 3]),
            "content": st.one_of(TEXTS, st.none()),
        },
        optional={"name": st.just("x"), "weight": st.just(0)},
    ),
    max_size=5,
)
LINES = st.one_of(
    TURNS.map(lambda turns: json.dumps({"messages": turns})),
    TURNS.map(lambda turns: json.dumps({"messages": turns}, ensure_ascii=False)),
    TURNS.map(lambda turns: json.dumps({"messages": turns, "id": 3})),
    st.one_of(TEXTS, st.integers(0, 9), st.none()).map(
        lambda name: json.dumps({**json.loads(plain(1)), "category": name})
    ),
    st.sampled_from(
        [
            '{"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}], "messages": []}',
            '{"messages": [{"role": "user", "content": "\\ud800"}, {"role": "assistant", "content": "b"}]}',
            '{"messages": [{"role": "user", "content": "\\u0000"}, {"role": "assistant", "content": "b"}]}',
            '{"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}], "tools": []}',
            '{"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}], "x": NaN}',
            '{"messages": "[]"}',
            "{}",
            "",
            "   ",
            "[1]",
            '{"messages": [],}',
            '{"messages": [] } {"messages": []}',
            '{"messages": [{"role": "user", "content": "cut',
        ]
    ),
)


def plain(number: int) -> str:
    turns = [
        {"role": "user", "content": f"How many in {number}?"},
        {"role": "assistant", "content": "x" * (number % 90 + 1)},
    ]
    return json.dumps({"messages": turns})


def by_rows(path: Path) -> DatasetReport:
    scan = Scan(path)
    for _ in scan:
        pass
    return scan.report()


def lines_by_rows(path: Path) -> bytes:
    return b"".join(to_line(item) for item in Scan(path) if isinstance(item, Example))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(odd=st.lists(st.tuples(st.integers(0, 700), LINES), max_size=6))
def test_both_ways_give_one_report(tmp_path: Path, odd: list[tuple[int, str]]) -> None:
    lines = [plain(number) for number in range(700)]
    for place, line in odd:
        lines.insert(place, line)
    path = tmp_path / "rows.jsonl"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert check_source(path) == by_rows(path)
    assert b"".join(Scan(path).canonical()) == lines_by_rows(path)


def test_what_is_gone_on_with_anywhere_ends_the_same(tmp_path: Path) -> None:
    lines = [plain(number) for number in range(2000)]
    lines[700] = '{"messages": 3}'
    lines[1400] = ""
    path = tmp_path / "rows.jsonl"
    path.write_text("\n".join(lines), encoding="utf-8")
    whole, report = lines_by_rows(path), by_rows(path)
    first = Scan(path)
    written = b""
    for piece in first.canonical():
        written += piece
        if not piece:
            continue
        second = Scan(path)
        second.go_on_from(ScanState.model_validate_json(first.state().model_dump_json()))
        assert written + b"".join(second.canonical()) == whole
        assert second.report() == report


SHAPES: dict[str, Any] = {
    "sharegpt": lambda n: {
        "conversations": [{"from": "human", "value": f"q{n}"}, {"from": "gpt", "value": "a" * (n % 7 + 1)}]
    },
    "prompt": lambda n: {"prompt": f"q{n}", "completion": "ü" * (n % 7 + 1)},
    "alpaca": lambda n: {"instruction": f"q{n}", "input": "" if n % 3 else "more", "output": "a\n\\b"},
    "alpaca without input": lambda n: {"instruction": f"q{n}", "output": "a"},
    "text": lambda n: {"text": f"words {n}"},
    "system": lambda n: {"messages": [{"role": "system", "content": "s"}, *json.loads(plain(n))["messages"]]},
    "more columns": lambda n: {"id": n, "tags": ["a", {"b": n}], **json.loads(plain(n))},
    "filed": lambda n: {**json.loads(plain(n)), "category": ["combat", "rest", "", None, " ", "Läden"][n % 6]},
    "filed by numbers": lambda n: {"text": f"words {n}", "category": n % 3},
    "filed with a trap": lambda n: {"text": f"words {n}", "category": "a\u200b" if n == 700 else "a"},
    "a column that could be meant": lambda n: {"prompt": f"q{n}", "completion": "a", "system": "s"},
}


@pytest.mark.parametrize("shape", SHAPES)
def test_every_common_shape_is_counted_the_same(tmp_path: Path, shape: str) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps(SHAPES[shape](n)) + "\n" for n in range(1200)))
    report = check_source(path)
    assert report == by_rows(path)
    assert report.rows == report.examples == 1200
    assert b"".join(Scan(path).canonical()) == lines_by_rows(path)


@pytest.mark.parametrize("words", ["How many?", "Сколько их?", "How many? Сколько?", "多少？", "Wie viele Größen?"])
def test_plain_rows_are_really_counted_at_once(words: str) -> None:
    mapping = Mapping(shape=Shape.MESSAGES, columns={"messages": "messages"}, confidence=1, reason="")
    blocks = PlainBlocks.of(mapping, ["messages"])
    assert blocks is not None
    counts = blocks.count("".join(plain(n).replace("How many", words) + "\n" for n in range(50)).encode(), 50)
    assert counts is not None
    assert (counts.turns, len(counts.lengths)) == (100, 50)


def test_rows_with_a_category_are_counted_at_once_too(tmp_path: Path) -> None:
    mapping = Mapping(
        shape=Shape.TEXT, columns={"text": "text", "category": "topic"}, confidence=1, reason="you said so"
    )
    blocks = PlainBlocks.of(mapping, ["text", "topic"])
    assert blocks is not None
    data = b'{"text": "Oak.", "topic": "woods"}\n{"text": "Elm."}\n'
    assert blocks.count(data, 2) is not None
    first, second = (json.loads(line) for line in blocks.canonical(data, 0).splitlines())
    assert first == {"row": 1, "text": "Oak.", "category": "woods"}
    assert second == {"row": 2, "text": "Elm."}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("windows", "\r\n".join(plain(n) for n in range(400))),
        ("marked", "\ufeff" + "\n".join(plain(n) for n in range(400))),
        ("no last end", "\n".join(plain(n) for n in range(400))),
        ("old mac", "\r".join(plain(n) for n in range(400))),
        ("a huge line", "\n".join([*(plain(n) for n in range(300)), json.dumps({"messages": "x" * (17 << 20)})])),
    ],
)
def test_line_ends_and_marks_change_nothing(tmp_path: Path, name: str, content: str) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text(content, encoding="utf-8", newline="")
    assert check_source(path) == by_rows(path), name
    assert b"".join(Scan(path).canonical()) == lines_by_rows(path)


def test_a_file_that_is_not_sound_text_is_read_alike(tmp_path: Path) -> None:
    lines: Iterator[bytes] = (plain(n).encode() for n in range(600))
    path = tmp_path / "rows.jsonl"
    path.write_bytes(b"\n".join(lines).replace(b"How many in 431", b"How m\xffny in 431"))
    report = check_source(path)
    assert report == by_rows(path)
    assert report.errors == 1
