import re

import pytest

from tests.shape.sources import ROOT, modules, text_files

MAKEFILE = ROOT / "Makefile"
PEOPLE_WROTE = ("src", "tests", "docs", "benchmarks", "scripts", ".ci")
UNFINISHED = ("TO" + "DO", "FIX" + "ME", "X" + "XX", "place" + "holder", "lorem " + "ipsum")
HINT_OF_A_FIELD = re.compile(r"::place[h]older|\bplace[h]older=")  # in CSS and HTML
MACHINE_PATHS = ("/wo" + "rk/", "/ro" + "ot/")


@pytest.mark.parametrize("word", UNFINISHED)
def test_nothing_is_left_unfinished(word: str) -> None:
    assert _places(re.compile(rf"\b{re.escape(word)}\b")) == []


@pytest.mark.parametrize("path", MACHINE_PATHS)
def test_no_file_names_a_folder_of_one_machine(path: str) -> None:
    assert _places(re.compile(re.escape(path))) == []


def test_no_method_of_the_product_waits_to_be_written() -> None:
    pattern = re.compile("raise NotImplemented" + "Error")
    assert [module.place for module in modules() if pattern.search(module.text)] == []


def _places(pattern: re.Pattern[str]) -> list[str]:
    top = [
        (path.name, path.read_text(encoding="utf-8")) for path in (*ROOT.glob("*.md"), *ROOT.glob("*.toml"), MAKEFILE)
    ]
    return [
        f"{place}:{number}"
        for place, text in (*top, *text_files(*PEOPLE_WROTE))
        if pattern.search(text)
        for number, line in enumerate(text.splitlines(), 1)
        if pattern.search(HINT_OF_A_FIELD.sub("", line))
    ]
