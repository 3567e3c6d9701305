"""A fix mends what it names, says so for each row, and leaves alone what it was not asked about."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from luthier.data.check import Scan
from luthier.data.facts import fix_facts
from luthier.data.fixes import chosen, mend_row
from luthier.data.readers.rows import Reading
from luthier.domain.dataset_sources import FixUnknown
from luthier.domain.datasets import DatasetReport, Example, Mapping, Shape
from luthier.domain.findings import Level
from tests.data.hostile.cases import GOOD
from tests.data.hostile.write import CORPUS

MAPPING = Mapping(
    shape=Shape.PROMPT_COMPLETION, columns={"prompt": "prompt", "completion": "completion"}, confidence=1.0, reason="x"
)


def read(path: Path, *fixes: str) -> tuple[DatasetReport, list[Example]]:
    scan = Scan(path, reading=Reading(fixes=chosen(fixes)))
    examples = [item for item in scan if isinstance(item, Example)]
    return scan.report(), examples


def written(folder: Path, line: bytes, name: str = "a.jsonl") -> Path:
    path = folder / name
    path.write_bytes(f"{GOOD}\n".encode() + line + f"\n{GOOD}\n".encode())
    return path


@pytest.mark.parametrize(
    ("fix", "line", "prompt"),
    [
        ("strip_bom", f"\ufeff{GOOD}".encode(), "a"),
        ("strip_trailing_comma", f"{GOOD},".encode(), "a"),
        ("strip_trailing_comma", b'{"prompt": "a,}", "completion": ["b",],}', "a,}"),
        ("remove_nul", b'{"prompt": "a\x00b", "completion": "b"}', "ab"),
        ("remove_nul", b'{"prompt": "a\\u0000b", "completion": "b"}', "ab"),
        ("escape_controls", b'{"prompt": "a\tb", "completion": "b"}', "a\tb"),
        ("nan_to_null", b'{"prompt": "a", "completion": "b", "score": NaN}', "a"),
        ("replace_lone_surrogate", b'{"prompt": "a\\ud83d", "completion": "b"}', "a\ufffd"),
        ("remove_invisible", '{"prompt": "a\u202e\u200bb", "completion": "b"}'.encode(), "ab"),
        ("remove_escapes", b'{"prompt": "\\u001b[31mred\\u001b[0m", "completion": "b"}', "red"),
        ("remove_controls", b'{"prompt": "a\\u0008b", "completion": "b"}', "ab"),
        ("number_to_text", b'{"prompt": 5, "completion": "b"}', "5"),
        ("read_as_cp1252", b'{"prompt": "caf\xe9", "completion": "b"}', "café"),
        ("remove_special_tokens", b'{"prompt": "a<|im_end|>", "completion": "b"}', "a"),
    ],
)
def test_a_fix_mends_its_row_and_a_note_says_so(tmp_path: Path, fix: str, line: bytes, prompt: str) -> None:
    path = written(tmp_path, line)
    before, _ = read(path)
    assert fix in {finding.fix for finding in before.findings}
    report, examples = read(path, fix)
    if fix != "strip_trailing_comma" or b"[" not in line:
        assert examples[1].messages[0].content == prompt
    notes = [finding for finding in report.findings if finding.code == "dataset.mended"]
    assert notes and {(note.place.row, note.level) for note in notes} == {(2, Level.NOTE)}
    assert not any(finding.fix == fix for finding in report.findings)


def test_nothing_is_mended_that_was_not_asked_for(tmp_path: Path) -> None:
    path = written(tmp_path, f"{GOOD},".encode())
    report, examples = read(path, "remove_nul", "strip_bom")
    assert len(examples) == 2
    assert [finding.code for finding in report.findings] == ["dataset.json_syntax"]


def test_several_faults_of_one_line_are_mended_together(tmp_path: Path) -> None:
    path = written(tmp_path, b'\xef\xbb\xbf{"prompt": "a\tb\x00", "completion": 5, "score": NaN,},')
    report, examples = read(path, "safe")
    assert len(examples) == 3
    assert report.errors == 0
    assert len([finding for finding in report.findings if finding.code == "dataset.mended"]) == 6


def test_a_row_that_is_dropped_leaves_a_note_with_the_reason(tmp_path: Path) -> None:
    report, examples = read(written(tmp_path, b'{"prompt": "a", "completion": ""}'), "drop_row")
    assert [example.row for example in examples] == [1, 3]
    (note,) = report.findings
    assert (note.code, note.level, note.place.row) == ("dataset.row_dropped", Level.NOTE, 2)
    assert "empty" in note.sentence


def test_what_ends_the_reading_cannot_be_dropped(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(f"[{GOOD},\n{GOOD}\n{GOOD}]")
    report, _ = read(path, "drop_row", "safe")
    assert [(finding.code, finding.level) for finding in report.findings] == [("dataset.json_syntax", Level.ERROR)]


@pytest.mark.parametrize(
    ("document", "fix"),
    [
        (f"[{GOOD},{GOOD},]", "strip_trailing_comma"),
        (f'[{GOOD},{{"prompt": "a\t", "completion": "b"}}]', "escape_controls"),
    ],
)
def test_a_document_is_mended_where_that_is_certain(tmp_path: Path, document: str, fix: str) -> None:
    path = tmp_path / "a.json"
    path.write_text(document)
    assert read(path)[0].findings[0].fix == fix
    report, examples = read(path, fix)
    assert (len(examples), report.errors) == (2, 0)


def test_cells_beyond_the_header_are_cut_only_when_they_are_empty(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("prompt,completion\na,b,,\na,b,c\n")
    report, examples = read(path, "safe")
    assert len(examples) == 1
    assert [finding.code for finding in report.findings] == ["dataset.mended", "dataset.ragged_row"]


def test_numbers_in_turns_become_texts(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    turns = [{"role": "user", "content": "1 + 1"}, {"role": "assistant", "content": 2}]
    path.write_text(json.dumps({"messages": turns}) + "\n")
    report, examples = read(path, "number_to_text")
    assert [message.content for message in examples[0].messages] == ["1 + 1", "2"]
    assert report.errors == 0


def test_a_fix_that_does_not_exist_is_named_with_those_that_do() -> None:
    with pytest.raises(FixUnknown, match="remove_nul"):
        chosen(["remove_everything"])


def test_safe_means_the_fixes_with_one_right_answer() -> None:
    assert chosen(["safe"]) == {name for name, fix in fix_facts().items() if fix.safe}
    assert not chosen(["safe"]) & {"drop_row", "read_as_cp1252", "remove_special_tokens"}


@pytest.mark.parametrize("name", [name for name, case in CORPUS.items() if not case.refused])
def test_safe_fixes_never_cost_an_example_nor_add_a_problem(tmp_path: Path, name: str) -> None:
    case = CORPUS[name]
    path = tmp_path / case.name
    path.write_bytes(case.content)

    def problems(*fixes: str) -> tuple[int, int]:
        scan = Scan(path, reading=Reading(fixes=chosen(fixes), limits=case.limits))
        examples = sum(isinstance(item, Example) for item in scan)
        return examples, sum(each.level is not Level.NOTE for each in scan.report().findings)

    before, after = problems(), problems("safe")
    assert after[0] >= before[0]
    assert after[1] <= before[1]


texts = st.text(st.characters(exclude_categories=()), max_size=40)
cells: st.SearchStrategy[Any] = st.recursive(
    texts | st.integers() | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
)


@settings(max_examples=150, deadline=None)
@given(
    row=st.fixed_dictionaries({"prompt": cells, "completion": texts, "other": texts}),
    fixes=st.sets(st.sampled_from(sorted(fix_facts()))),
)
def test_mending_twice_is_mending_once_and_other_columns_stay(row: dict[str, Any], fixes: set[str]) -> None:
    once = mend_row(row, MAPPING, frozenset(fixes))
    twice = mend_row(once.value, MAPPING, frozenset(fixes))
    assert twice.value == once.value
    assert twice.changes == ()
    assert once.value["other"] == row["other"]
    assert bool(once.changes) == (once.value != row)
