import ast
import re

import pytest

from luthier.domain.errors import LuthierError, concrete_errors
from scripts.reference.errors import load_all
from scripts.write_reference import FOLDER, PAGES, content_of
from tests.shape.sources import ROOT, Module, modules

ACTIONS_OF_REPORTED = {"work.reported"}  # carries the actions of the problem it raises again


@pytest.mark.parametrize("name", PAGES)
def test_the_reference_pages_say_what_the_code_says(name: str) -> None:
    assert (FOLDER / name).read_text(encoding="utf-8") == content_of(name), "run `make docs`"


def test_every_error_code_in_the_source_has_its_entry_and_anchor() -> None:
    page = (FOLDER / "errors.md").read_text(encoding="utf-8")
    codes = {code for module in modules() for code in _codes(module)}
    assert codes
    assert {code for code in codes if f'<a id="{code}"></a>' not in page} == set()


def test_every_code_of_a_finding_in_the_source_stands_on_the_page_of_findings() -> None:
    page = (FOLDER / "findings.md").read_text(encoding="utf-8")
    raised = {code for module in modules() for code in _codes(module)}
    layers = ("luthier.data.", "luthier.engine.", "luthier.services.")
    written = [module.text for module in modules() if module.name.startswith(layers)]
    codes = {code for text in written for code in re.findall(r'"((?:dataset|preflight)\.[a-z_]+)"', text)}
    files = {code for code in codes if code.endswith((".json", ".html", ".css"))}
    assert {code for code in codes - files - raised if f"`{code}`" not in page} == set()


def test_no_two_errors_share_a_code() -> None:
    codes = [code for module in modules() for code in _codes(module)]
    assert sorted(codes) == sorted(set(codes))


def test_every_error_is_a_sentence_with_something_to_do_about_it() -> None:
    load_all()
    errors = [error for error in concrete_errors() if error.__module__.startswith("luthier.")]
    assert {error.code for error in errors if not error.actions} == ACTIONS_OF_REPORTED
    assert [error.code for error in errors if not _is_a_sentence(error)] == []


def test_every_page_of_the_documentation_links_to_things_that_exist() -> None:
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    broken = [
        f"{page.relative_to(ROOT)}: {target}"
        for page in pages
        for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text(encoding="utf-8"))
        if not target.startswith(("http:", "https:", "mailto:")) and not (page.parent / target).exists()
    ]
    assert broken == []


def test_every_page_that_an_error_sends_people_to_exists() -> None:
    load_all()
    words = [(error.code, action.label) for error in concrete_errors() for action in error.actions]
    mentioned = [(code, path) for code, label in words for path in re.findall(r"docs/[\w/.-]+\.md", label)]
    assert [(code, path) for code, path in mentioned if not (ROOT / path).is_file()] == []


def _codes(module: Module) -> list[str]:
    """The codes of the classes that also have a sentence: errors, by their form."""
    found = []
    for node in module.classes():
        values = {
            target.id: item.value
            for item in node.body
            if isinstance(item, ast.Assign)
            for target in item.targets
            if isinstance(target, ast.Name)
        }
        code = values.get("code")
        if "sentence" in values and isinstance(code, ast.Constant):
            found.append(str(code.value))
    return found


def _is_a_sentence(error: type[LuthierError]) -> bool:
    """It may begin with the name of an option, or with what is filled in."""
    begins = error.sentence[0].isupper() or error.sentence.startswith(("{", "--"))
    return begins and error.sentence[-1] in ".}!?:"
