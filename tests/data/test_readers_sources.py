"""Folders, archives, compressed files and databases give the same rows as the plain files that they hold."""

import gzip
import os
import shutil
import sqlite3
from contextlib import closing
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from luthier.data.check import Scan, check_source
from luthier.data.readers.open import open_rows
from luthier.data.readers.rows import Reading, Row
from luthier.domain.dataset_sources import QueryFailed, QueryMissing, QueryNotUsed
from luthier.domain.datasets import DatasetEmpty, DatasetShapeUnknown, DatasetUnreadable, Example, Shape
from tests.data.hostile.archives import zipped, zstd
from tests.data.hostile.cases import FEW, GOOD

SCENARIOS = Path(str(files("luthier.data.scenarios"))) / "examples"
LINES = f"{GOOD}\n{GOOD}\n".encode()
QUESTIONS = "SELECT question AS prompt, answer AS completion FROM exchange ORDER BY id"


def rows_of(path: Path, **how: Any) -> list[Row]:
    return list(open_rows(path, Reading(**how)).rows())


def codes(rows: list[Row]) -> list[tuple[str, str | None, int | None]]:
    return [(each.code, each.place.file, each.place.line) for row in rows for each in row.findings]


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "shop.db"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE exchange (id INTEGER PRIMARY KEY, question TEXT, answer TEXT)")
        connection.executemany(
            "INSERT INTO exchange (question, answer) VALUES (?, ?)", [(f"q{n}", f"a{n}") for n in range(1000)]
        )
    return path


def test_a_folder_is_read_in_the_order_of_its_names_and_rows_are_counted_through(tmp_path: Path) -> None:
    (tmp_path / "b.jsonl").write_bytes(LINES)
    (tmp_path / "a.csv").write_text("prompt,completion\nx,y\n")
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "c.jsonl.gz").write_bytes(gzip.compress(LINES))
    (tmp_path / "d.jsonl.zst").write_bytes(zstd(LINES))
    rows = rows_of(tmp_path)
    assert [(row.file, row.number, row.overall) for row in rows] == [
        ("a.csv", 1, 1),
        ("b.jsonl", 1, 2),
        ("b.jsonl", 2, 3),
        ("d.jsonl.zst", 1, 4),
        ("d.jsonl.zst", 2, 5),
        ("deep/c.jsonl.gz", 1, 6),
        ("deep/c.jsonl.gz", 2, 7),
    ]


def test_examples_of_several_files_keep_numbers_of_their_own(tmp_path: Path) -> None:
    for name in ("a.jsonl", "b.jsonl"):
        (tmp_path / name).write_bytes(LINES)
    scan = Scan(tmp_path)
    assert [item.row for item in scan if isinstance(item, Example)] == [1, 2, 3, 4]
    assert scan.report().source_bytes == 2 * len(LINES)


def test_a_problem_in_one_file_names_it_and_the_others_are_read(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(LINES + b"{oops\n")
    (tmp_path / "b.jsonl").write_bytes(b"\x7fELF" + bytes(50))
    (tmp_path / "c.jsonl").write_bytes(LINES)
    rows = rows_of(tmp_path)
    assert codes(rows) == [("dataset.json_syntax", "a.jsonl", 3), ("dataset.file_unreadable", "b.jsonl", None)]
    assert [row.file for row in rows if row.value] == ["a.jsonl", "a.jsonl", "c.jsonl", "c.jsonl"]


def test_a_readme_beside_rows_is_passed_over_aloud_and_alone_it_is_read(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("# Strings\n")
    assert [row.value for row in rows_of(tmp_path)] == [{"text": "# Strings"}]
    (tmp_path / "a.jsonl").write_bytes(LINES)
    assert codes(rows_of(tmp_path)) == [("dataset.file_passed_over", "README.md", None)]


def test_hidden_files_are_not_read(tmp_path: Path) -> None:
    (tmp_path / ".cache").mkdir()
    (tmp_path / ".cache" / "a.jsonl").write_bytes(LINES)
    (tmp_path / "b.jsonl").write_bytes(LINES)
    assert {row.file for row in rows_of(tmp_path)} == {"b.jsonl"}


def test_links_that_lead_out_of_a_folder_or_nowhere_are_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside.jsonl"
    outside.write_bytes(LINES)
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "a.jsonl").symlink_to(outside)
    (folder / "b.jsonl").symlink_to(folder / "b.jsonl")
    (folder / "c.jsonl").write_bytes(LINES)
    (folder / "d.jsonl").symlink_to("c.jsonl")
    rows = rows_of(folder)
    assert [(code, file) for code, file, _ in codes(rows)] == [
        ("dataset.link_passed_over", "a.jsonl"),
        ("dataset.link_passed_over", "b.jsonl"),
    ]
    assert {row.file for row in rows if row.value} == {"c.jsonl", "d.jsonl"}


def test_pipes_in_a_folder_do_not_hang_the_reading(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.jsonl")
    (tmp_path / "b.jsonl").write_bytes(LINES)
    assert {row.file for row in rows_of(tmp_path)} == {"b.jsonl"}


def test_names_that_are_no_text_can_still_be_reported(tmp_path: Path) -> None:
    folder = tmp_path / "shards"
    folder.mkdir()
    for name in (b"\xff.jsonl", b"\xfe.pdf"):
        Path(os.fsdecode(os.fsencode(folder) + b"/" + name)).write_bytes(LINES + b'{"half \\ud800": 1}\n')
    scan = Scan(folder)
    assert sum(isinstance(item, Example) for item in scan) == 2
    report = scan.report()
    assert [each.place.file for each in report.findings] == ["?.pdf", "?.jsonl"]
    assert "half" not in report.model_dump_json()


def test_columns_that_fit_no_shape_are_named_even_when_they_are_no_text(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(b'{"half \\ud800": 1}\n')
    with pytest.raises(DatasetShapeUnknown, match="half") as raised:
        Scan(tmp_path / "a.jsonl")
    assert raised.value.problem.model_dump_json()


def test_a_folder_without_files_is_empty(tmp_path: Path) -> None:
    with pytest.raises(DatasetEmpty):
        Scan(tmp_path)


def test_a_folder_of_too_many_files_is_refused(tmp_path: Path) -> None:
    for number in range(6):
        (tmp_path / f"{number}.jsonl").write_bytes(LINES)
    with pytest.raises(DatasetUnreadable, match="more than 5 files"):
        rows_of(tmp_path, limits=FEW.model_copy(update={"files": 5}))


def test_an_archive_gives_what_its_folder_gives(tmp_path: Path) -> None:
    entries = {"a.jsonl": LINES, "b/c.csv": b"prompt,completion\nx,y\n", "b/d.json": f"[{GOOD}]".encode()}
    for name, content in entries.items():
        (tmp_path / "folder" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "folder" / name).write_bytes(content)
    (tmp_path / "archive.zip").write_bytes(zipped(*entries.items()))
    assert rows_of(tmp_path / "archive.zip") == rows_of(tmp_path / "folder")


def test_an_archive_leaves_nothing_on_the_disk(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(zipped(("../b.jsonl", LINES), ("/c.jsonl", LINES), ("d/e.jsonl", LINES)))
    assert len(rows_of(tmp_path / "a.zip")) == 8
    assert [path.name for path in tmp_path.rglob("*")] == ["a.zip"]


def test_the_report_of_a_compressed_file_speaks_of_the_file_that_was_given(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl.gz"
    path.write_bytes(gzip.compress(LINES))
    scan = Scan(path)
    assert sum(isinstance(item, Example) for item in scan) == 2
    assert (scan.report().source, scan.report().source_bytes) == (str(path), path.stat().st_size)


def test_a_querys_rows_are_examples(database: Path) -> None:
    rows = rows_of(database, query=QUESTIONS)
    assert len(rows) == 1000
    assert rows[2].value == {"prompt": "q2", "completion": "a2"}


@pytest.mark.parametrize(
    "query",
    [
        "DELETE FROM exchange",
        "UPDATE exchange SET answer = 'x'",
        "ATTACH DATABASE 'other.db' AS other",
        "PRAGMA journal_mode = DELETE",
        "SELECT 1; DROP TABLE exchange",
        "SELECT nothing FROM nowhere",
        "SELECT zeroblob(1000000000)",
        "not a query",
        " ",
    ],
)
def test_a_query_that_does_more_than_read_is_refused_and_changes_nothing(database: Path, query: str) -> None:
    before = database.read_bytes()
    with pytest.raises(QueryFailed):
        rows_of(database, query=query)
    assert database.read_bytes() == before
    assert [path.name for path in database.parent.iterdir()] == ["shop.db"]


def test_a_database_without_a_query_and_a_query_without_a_database_each_have_a_sentence(
    database: Path, tmp_path: Path
) -> None:
    with pytest.raises(QueryMissing, match="which rows"):
        open_rows(database)
    (tmp_path / "a.jsonl").write_bytes(LINES)
    with pytest.raises(QueryNotUsed):
        open_rows(tmp_path / "a.jsonl", Reading(query=QUESTIONS))


def test_two_columns_of_one_name_in_a_query_are_an_error(database: Path) -> None:
    rows = rows_of(database, query="SELECT question AS prompt, answer AS prompt FROM exchange LIMIT 1")
    assert codes(rows) == [("dataset.header_duplicate", None, None)]


def test_bytes_in_a_database_are_a_finding_and_no_crash(database: Path) -> None:
    scan = Scan(database, reading=Reading(query="SELECT x'80044e2e' AS prompt, 'b' AS completion"))
    list(scan)
    assert [finding.code for finding in scan.report().findings] == ["dataset.field_type"]


def test_scenarios_are_read_as_conversations_and_a_readme_beside_them_is_none(tmp_path: Path) -> None:
    folder = tmp_path / "scenarios"
    shutil.copytree(SCENARIOS, folder)
    (folder / "README.md").write_text("# What these are\n")
    scan = Scan(folder)
    examples = [item for item in scan if isinstance(item, Example)]
    assert scan.shape is Shape.MESSAGES
    assert len(examples) > 18
    assert [each.place.file for each in scan.report().findings] == ["README.md"]


def test_one_scenario_is_read_alone_and_in_an_archive(tmp_path: Path) -> None:
    path = next(SCENARIOS.rglob("*.md"))
    (tmp_path / "a.zip").write_bytes(zipped(("a.md", path.read_bytes()), ("README.md", b"# One")))
    alone = [row.value for row in rows_of(path)]
    assert alone and all(row and "messages" in row for row in alone)
    assert [row.value for row in rows_of(tmp_path / "a.zip") if row.number] == alone


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be", "utf-8-sig"])
def test_a_scenario_in_another_encoding_is_read_as_one_alone_and_in_a_folder(tmp_path: Path, encoding: str) -> None:
    text = (SCENARIOS / "combat" / "the-mill-at-low-water.md").read_text()
    mark = "\ufeff" if encoding == "utf-16-be" else ""
    (tmp_path / "mill.md").write_text(mark + text, encoding=encoding)
    (tmp_path / "README.md").write_text("# About\n\nNo scenario.\n")
    for path in (tmp_path / "mill.md", tmp_path):
        report = check_source(path)
        assert (report.errors, report.mapping.shape) == (0, Shape.MESSAGES)
        assert report.examples > 1
