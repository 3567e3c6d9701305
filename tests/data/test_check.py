"""One pass gives the examples, every finding with its place, and the numbers of the report."""

import json
from pathlib import Path
from typing import Any

import pytest

from luthier.data.check import check_source, load_examples
from luthier.domain.datasets import (
    CONFIRM_BELOW,
    DatasetEmpty,
    DatasetReport,
    DatasetShapeUnknown,
    Example,
    Shape,
)
from luthier.domain.findings import Finding, Level

FILES = Path(__file__).parent / "files"


def written(folder: Path, rows: list[Any]) -> Path:
    path = folder / "data.jsonl"
    path.write_text("".join(f"{row if isinstance(row, str) else json.dumps(row)}\n" for row in rows), encoding="utf-8")
    return path


def codes(report: DatasetReport) -> list[str]:
    return [finding.code for finding in report.findings]


@pytest.mark.parametrize(
    ("name", "shape", "examples"),
    [
        ("alpaca.json", Shape.ALPACA, 3),
        ("sharegpt.jsonl", Shape.SHAREGPT, 2),
        ("messages.jsonl", Shape.MESSAGES, 2),
        ("prompt_completion.csv", Shape.PROMPT_COMPLETION, 3),
        ("text.txt", Shape.TEXT, 1),
        ("preference.jsonl", Shape.PREFERENCE, 2),
        ("labelled.jsonl", Shape.LABELLED, 3),
    ],
)
def test_a_small_file_of_each_shape_is_read_without_a_problem(name: str, shape: Shape, examples: int) -> None:
    report = check_source(FILES / name)
    assert (report.mapping.shape, report.examples, report.errors) == (shape, examples, 0)
    assert report.mapping.confidence == 1.0
    assert all(finding.level is Level.NOTE for finding in report.findings)


def test_one_bad_row_in_the_middle_is_one_error_and_the_others_are_examples(tmp_path: Path) -> None:
    good = {"prompt": "a", "completion": "b"}
    path = written(tmp_path, [good, '{"prompt": ', good | {"completion": " "}, good])
    found = list(load_examples(path))
    assert [item.row for item in found if isinstance(item, Example)] == [1, 4]
    problems = [item for item in found if isinstance(item, Finding)]
    assert [(each.code, each.place.row, each.place.line) for each in problems] == [
        ("dataset.json_syntax", 2, 2),
        ("dataset.answer_empty", 3, 3),
    ]
    report = check_source(path)
    assert (report.rows, report.examples, report.errors) == (4, 2, 2)


def test_the_numbers_of_the_report_are_those_of_the_examples(tmp_path: Path) -> None:
    rows = [{"prompt": "a" * 10, "completion": "b" * size} for size in (1, 2, 30)]
    report = check_source(written(tmp_path, rows))
    assert (report.characters_p50, report.characters_max, report.turns_mean) == (12, 40, 2.0)
    assert report.source_bytes == (tmp_path / "data.jsonl").stat().st_size
    assert report.encoding == "UTF-8"
    assert [preview["row"] for preview in report.previews] == [1, 2, 3]


def test_previews_quote_and_do_not_repeat_long_texts(tmp_path: Path) -> None:
    (preview,) = check_source(written(tmp_path, [{"text": "x" * 100_000}])).previews
    assert preview["text"].endswith("x…") and len(preview["text"]) < 5_000


def test_findings_of_one_kind_are_counted_beyond_the_first_thousand(tmp_path: Path) -> None:
    good = {"prompt": "a", "completion": "b"}
    report = check_source(written(tmp_path, [good] * 300 + ["{"] * 1500))
    assert len(report.findings) == 1000
    assert report.findings_left_out == 500
    assert (report.rows, report.examples) == (1800, 300)


def test_a_file_of_nothing_but_bad_rows_is_a_report_and_not_an_exception(tmp_path: Path) -> None:
    report = check_source(written(tmp_path, ['{"prompt": ', '{"prompt": ']))
    assert (report.rows, report.examples, report.errors) == (2, 0, 2)
    assert report.mapping.confidence < CONFIRM_BELOW


def test_a_column_that_comes_late_is_not_dropped_in_silence(tmp_path: Path) -> None:
    good = {"prompt": "a", "completion": "b"}
    report = check_source(written(tmp_path, [good] * 250 + [good | {"system": "late"}] * 3))
    assert codes(report) == ["dataset.column_unused"]
    assert report.findings[0].place.row == 251


def test_what_is_left_out_of_preferences_and_labels_is_said_with_its_number() -> None:
    assert "2 examples" in check_source(FILES / "preference.jsonl").findings[-1].sentence
    (note,) = check_source(FILES / "labelled.jsonl").findings
    assert "Of 3 examples 1 are labelled bad" in note.sentence


def test_the_users_word_reaches_the_mapping(tmp_path: Path) -> None:
    path = written(tmp_path, [{"frage": "a", "antwort": "b"}])
    with pytest.raises(DatasetShapeUnknown, match="frage"):
        check_source(path)
    assert check_source(path, columns={"prompt": "frage", "completion": "antwort"}).examples == 1


def test_an_empty_list_is_empty(tmp_path: Path) -> None:
    path = tmp_path / "data.json"
    path.write_text("[]", encoding="utf-8")
    with pytest.raises(DatasetEmpty):
        check_source(path)
