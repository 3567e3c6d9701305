import re
import tomllib

import pytest

from luthier.domain.help import Document
from luthier.handbook.documents import anchor_of, documentation_folder, documents
from luthier.handbook.pages import address_of, html_of
from luthier.handbook.search import find
from tests.shape.sources import ROOT


def test_every_page_of_the_guide_and_the_reference_is_in_the_app() -> None:
    files = {
        f"{path.parent.name}/{path.stem}"
        for part in ("guide", "reference")
        for path in (ROOT / "docs" / part).glob("*.md")
    }
    assert set(documents()) == files


def test_the_wheel_carries_what_the_app_shows() -> None:
    included = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"][
        "force-include"
    ]
    assert included == {f"docs/{part}": f"luthier/handbook/docs/{part}" for part in ("guide", "reference")}
    assert documentation_folder() == ROOT / "docs"


@pytest.mark.parametrize("document", documents().values(), ids=lambda document: f"{document.folder}/{document.name}")
def test_every_link_of_a_page_leads_to_a_page_and_a_heading_of_the_app(document: Document) -> None:
    html = html_of(document)
    assert "<h1" not in html
    for target in re.findall(r'<a href="([^"]+)"', html):
        if target.startswith(("http:", "https:", "mailto:")):
            continue
        address, _, anchor = target.partition("#")
        page = documents()[address.removeprefix("/help/")] if address else document
        assert not anchor or f'id="{anchor}"' in html_of(page), f"{document.name}: {target}"


def test_headings_that_are_alike_can_each_be_linked_to() -> None:
    taken: set[str] = set()
    assert [anchor_of("Tools of your own!", taken) for _ in range(3)] == [
        "tools-of-your-own",
        "tools-of-your-own-1",
        "tools-of-your-own-2",
    ]


def test_links_between_folders_stay_inside_and_others_are_left_alone() -> None:
    assert address_of("../reference/errors.md#a.b", "guide") == "/help/reference/errors#a.b"
    assert address_of("training.md", "guide") == "/help/guide/training"
    assert address_of("https://example.org/x.md", "guide") == "https://example.org/x.md"
    assert address_of("../decisions/0001.md", "guide") == "../decisions/0001.md"


def test_a_search_finds_a_name_before_a_text_and_needs_every_word() -> None:
    assert find("learning rate", 5)[0].label == "learning rate"
    assert find("learn rat", 5)[0].label == "learning rate"
    assert find("quiet hours", 5)[0].kind == "guide"
    assert find("learning zzz", 5) == []
    assert find("   ", 5) == []
