import re

import pytest

from tests.shape.sources import ROOT, text_files

PEOPLE_WROTE = ("src", "tests", "docs", "benchmarks", "scripts", ".ci")
UNFINISHED = ("TO" + "DO", "FIX" + "ME", "X" + "XX", "NotImplemented" + "Error", "place" + "holder", "lorem " + "ipsum")
HINT_OF_A_FIELD = re.compile(r"::place[h]older|\bplace[h]older=")  # in CSS and HTML
MACHINE_PATHS = ("/wo" + "rk/", "/ro" + "ot/", "/ho" + "me/", "C:" + "\\Users")


def _own_files() -> list[str]:
    top = [*ROOT.glob("*.md"), ROOT / "Makefile", ROOT / "pyproject.toml"]
    return [path.relative_to(ROOT).as_posix() for path in (*top, *text_files(*PEOPLE_WROTE))]


@pytest.mark.parametrize("word", UNFINISHED)
def test_nothing_is_left_unfinished(word: str) -> None:
    assert _places(re.compile(rf"\b{re.escape(word)}\b")) == []


@pytest.mark.parametrize("path", MACHINE_PATHS)
def test_no_file_names_a_folder_of_one_machine(path: str) -> None:
    assert _places(re.compile(re.escape(path))) == []


def _places(pattern: re.Pattern[str]) -> list[str]:
    return [
        f"{name}:{number}"
        for name in _own_files()
        for number, line in enumerate((ROOT / name).read_text(encoding="utf-8", errors="replace").splitlines(), 1)
        if pattern.search(HINT_OF_A_FIELD.sub("", line))
    ]
