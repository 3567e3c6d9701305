"""Scenarios are examples like any others: rows with places, and findings instead of exceptions."""

from io import BytesIO
from pathlib import Path

import pytest

from luthier.data.readers.content import Content, on_disk
from luthier.data.readers.rows import Row
from luthier.data.scenarios.files import LARGEST_BYTES, find_scenarios, is_scenario
from luthier.data.scenarios.source import scenario_rows
from tests.data.scenarios.builders import GOOD, bent

BLOG = "---\ntitle: Notes\ncategory: news\n---\n\n# System\n\nHello.\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "deep").mkdir()
    (tmp_path / "b.md").write_text(GOOD)
    (tmp_path / "deep" / "a.markdown").write_text(bent("Total: 13", "Total: 14"))
    (tmp_path / "README.md").write_text("# About\n\nThese are scenarios.\n")
    (tmp_path / "blog.md").write_text(BLOG)
    (tmp_path / ".hidden.md").write_text(GOOD)
    (tmp_path / "notes.txt").write_text(GOOD)
    return tmp_path


def test_a_folder_gives_its_scenarios_and_names_what_it_passes_over(folder: Path) -> None:
    found = find_scenarios(folder)
    assert [file.name for file in found.scenarios] == ["b.md", "deep/a.markdown"]
    assert found.passed_over == ("README.md", "blog.md")


def _rows(path: Path) -> list[Row]:
    return list(scenario_rows(on_disk(path)))


def test_each_answer_is_a_row_and_a_file_with_errors_is_one_row_without_a_value(folder: Path) -> None:
    good, broken = _rows(folder / "b.md"), _rows(folder / "deep" / "a.markdown")
    assert [(row.number, row.line, row.value is None) for row in (*good, *broken)] == [
        (1, 35, False),
        (2, 50, False),
        (1, 47, True),
    ]
    assert [str(finding.place) for finding in broken[0].findings] == ["line 47, character 10, row 1"]


def test_a_warning_is_said_once_and_keeps_the_rows(tmp_path: Path) -> None:
    (tmp_path / "x.md").write_text(bent("tags: [river, toll]\n", ""))
    rows = _rows(tmp_path / "x.md")
    assert [len(row.findings) for row in rows] == [1, 0]
    assert all(row.value is not None for row in rows)


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (GOOD, True),
        (GOOD[:700], True),
        ("\ufeff" + GOOD, True),
        (GOOD.replace("\n", "\r\n"), True),
        ("", False),
        (BLOG, False),
        ("# User\n\nHello\n\n# DM\n\nHi\n", False),
        ("---\na: b\n---\n\nText.\n", False),
    ],
)
def test_a_scenario_is_known_by_its_front_matter_and_its_headings(head: str, expected: bool) -> None:
    assert is_scenario(head) is expected


@pytest.mark.parametrize(
    ("content", "code", "place"),
    [
        (
            GOOD.encode().replace(b"ferryman", b"f\xe4hrmann"),
            "encoding",
            "line 33, character 18, row 1, byte 320",
        ),
        (b"x" * (LARGEST_BYTES + 1), "too_large", "row 1"),
    ],
)
def test_a_file_that_is_no_text_is_a_finding(tmp_path: Path, content: bytes, code: str, place: str) -> None:
    (tmp_path / "x.md").write_bytes(content)
    (row,) = _rows(tmp_path / "x.md")
    assert [finding.code for finding in row.findings] == [f"scenario.{code}"]
    assert str(row.findings[0].place) == place
    assert row.findings[0].suggestion


def test_a_file_in_utf_16_is_read(tmp_path: Path) -> None:
    (tmp_path / "x.md").write_bytes(GOOD.encode("utf-16"))
    assert [row.findings for row in _rows(tmp_path / "x.md")] == [(), ()]


def test_the_grammar_that_lies_beside_the_scenarios_is_used(tmp_path: Path) -> None:
    (tmp_path / "scenarios.toml").write_text('categories = ["chess"]\n')
    for path in (tmp_path / "x.md", tmp_path / "deep" / "x.md"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(bent("category: social", "category: chess"))
        assert all(row.value is not None for row in _rows(path))


def test_what_comes_out_of_an_archive_is_read_with_the_built_in_grammar() -> None:
    content = Content("in.zip/x.md", ".md", len(GOOD), lambda: BytesIO(GOOD.encode()))
    assert [row.findings for row in scenario_rows(content)] == [(), ()]


@pytest.mark.parametrize(
    "head",
    [
        GOOD.replace("# User", "```\n# User\n```\n\n# User"),
        GOOD.replace("\n", "\r\n"),
        GOOD.replace("\n", "\r"),
        GOOD.replace("# SYSTEM", "   #  System ##"),
        GOOD.replace("category: social", "# User\ncategory: social\n# DM"),
    ],
)
def test_a_scenario_is_known_however_its_headings_are_written(head: str) -> None:
    assert is_scenario(head)


@pytest.mark.parametrize(
    "head",
    [
        "---\n# User\n# DM\ntitle: x\n---\n\nWords.\n",  # remarks of its front matter
        "---\ntitle: x\n---\n\n```\n# User\n# DM\n```\n",
        "---\ntitle: x\n---\n\n# Userland\n\n# DMs\n",
        "---\ntitle: x\n---\n" + "\n" * 60_000,
    ],
)
def test_what_only_looks_like_its_headings_makes_no_scenario(head: str) -> None:
    assert not is_scenario(head)
