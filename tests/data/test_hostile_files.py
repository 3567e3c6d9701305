"""No file, however made, gets more out of the reader than rows, findings and the errors of the tree."""

import json
from pathlib import Path

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, given, settings

from luthier.data.canonical import to_line
from luthier.data.check import Scan
from luthier.domain.datasets import Example
from luthier.domain.errors import LuthierError
from luthier.domain.findings import Finding

NAMES = ("data.jsonl", "data.json", "data.csv", "data.txt", "data")
SOUND = json.dumps(
    [
        {"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}], "tools": []},
        {"messages": [{"from": "human", "value": "é"}, {"from": "function_call", "value": '{"name": "f"}'}]},
    ],
    ensure_ascii=False,
    indent=1,
).encode()

HALF_A_CHARACTER = "\ud83d"
texts = st.sampled_from(["", "a", "user", "é", "[]", '{"name": "f"}', "\x00", HALF_A_CHARACTER])
values = (
    texts
    | st.sampled_from([None, True, 0, 1.5, 10**30, float("nan")])
    | st.lists(texts, max_size=2)
    | st.dictionaries(st.sampled_from(["name", "arguments", "function", "type", "text"]), texts, max_size=3)
)
turns = st.lists(
    st.fixed_dictionaries(
        {"role": st.sampled_from(["assistant", "user", "tool", "function_call"]), "content": st.just("a") | values},
        optional=dict.fromkeys(("tool_calls", "name", "reasoning", "weight"), values),
    ),
    max_size=3,
)
rows = st.fixed_dictionaries(
    {"messages": turns | turns.map(json.dumps) | values},
    optional=dict.fromkeys(("tools", "label", "text", "prompt"), values | turns),
)


def assert_only_examples_and_findings(path: Path) -> None:
    try:
        scan = Scan(path)
        for item in scan:
            assert isinstance(item, Example | Finding)
            if isinstance(item, Example):
                to_line(item)
        scan.report().model_dump_json()
    except LuthierError as error:
        assert error.problem.sentence


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("hostile")


@given(content=st.binary(max_size=300), name=st.sampled_from(NAMES))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes(folder: Path, content: bytes, name: str) -> None:
    path = folder / name
    path.write_bytes(content)
    assert_only_examples_and_findings(path)


@given(
    cut=st.integers(0, len(SOUND)),
    put=st.binary(max_size=6),
    skip=st.integers(0, 6),
    name=st.sampled_from(NAMES),
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_damage_to_a_sound_file(folder: Path, cut: int, put: bytes, skip: int, name: str) -> None:
    path = folder / name
    path.write_bytes(SOUND[:cut] + put + SOUND[cut + skip :])
    assert_only_examples_and_findings(path)


@given(content=st.lists(rows, min_size=1, max_size=4), as_lines=st.booleans())
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_json_in_any_known_column(folder: Path, content: list[object], as_lines: bool) -> None:
    path = folder / "data.jsonl"
    path.write_text("\n".join(map(json.dumps, content)) if as_lines else json.dumps(content), encoding="utf-8")
    assert_only_examples_and_findings(path)


@given(
    text=st.text(st.characters(codec="utf-8"), max_size=200),
    name=st.sampled_from(("data.csv", "data.tsv", "data.md")),
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_as_a_table_or_as_prose(folder: Path, text: str, name: str) -> None:
    path = folder / name
    path.write_text("prompt,completion\n" + text, encoding="utf-8")
    assert_only_examples_and_findings(path)


def test_an_object_with_a_hundred_thousand_repeated_keys_takes_no_time(folder: Path) -> None:
    path = folder / "keys.jsonl"
    path.write_text('{"text": "a"}\n{' + ", ".join(f'"k{n % 50_000}": 1' for n in range(100_000)) + "}\n")
    assert_only_examples_and_findings(path)
