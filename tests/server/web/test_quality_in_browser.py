"""The quality page in a real browser: usable by everybody, at every width, and scored by a click."""

import json
from pathlib import Path

import pytest
from axe_core_python.sync_playwright import Axe
from playwright.sync_api import expect

from luthier.workspace import Workspace
from tests.data.quality.planted import Speaker
from tests.server.web.visiting import Visitor

pytestmark = pytest.mark.browser


@pytest.fixture
def page(workspace: Workspace, tmp_path: Path) -> str:
    speaker = Speaker()
    items = [{"prompt": speaker.sentence(end="?"), "completion": speaker.text()} for _ in range(30)]
    items[4]["completion"] += " [INST]"
    path = tmp_path / "orders.jsonl"
    path.write_text("".join(json.dumps(item) + "\n" for item in items))
    return f"/datasets/{workspace.datasets.import_file(str(path)).dataset_id}/quality"


def test_a_click_scores_and_a_reason_leads_to_its_examples(visitor: Visitor, page: str) -> None:
    visitor.open(page)
    visitor.page.get_by_role("button", name="Score").click()
    link = visitor.page.get_by_role("link", name="chat marker in the text")
    expect(link).to_be_visible()
    link.click()
    expect(visitor.page.get_by_role("heading", name="Examples with the reason")).to_be_visible()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_and_nothing_is_wider_than_the_window(
    visitor: Visitor, workspace: Workspace, page: str, theme: str
) -> None:
    workspace.quality.score(page.split("/")[2])
    visitor.page.emulate_media(color_scheme=theme, reduced_motion="reduce")  # type: ignore[arg-type]
    rules = {
        "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
    }
    for width in (1440, 320):
        visitor.page.set_viewport_size({"width": width, "height": 800})
        visitor.open(page)
        found = Axe().run(visitor.page, options=rules)["violations"]
        assert [f"{item['id']}: {node['html'][:160]}" for item in found for node in item["nodes"]] == []
        assert visitor.page.evaluate("document.documentElement.scrollWidth") <= width
