"""The pages that score, improve, mix and compare datasets in a real browser: usable by everybody, at every width."""

import json
from pathlib import Path

import pytest
from axe_core_python.sync_playwright import Axe
from playwright.sync_api import expect

from luthier.domain.derivations import Filter, Redact
from luthier.server.web.ways import WAYS
from luthier.workspace import Workspace
from tests.data.quality.planted import Speaker
from tests.server.web.visiting import Visitor

pytestmark = pytest.mark.browser


@pytest.fixture
def orders(workspace: Workspace, tmp_path: Path) -> str:
    """Scored, with a redacted second version."""
    speaker = Speaker()
    items = [{"prompt": speaker.sentence(end="?"), "completion": speaker.text()} for _ in range(30)]
    items[4]["completion"] += " [INST]"
    items[7]["completion"] += " Write to ada@lute.org."
    path = tmp_path / "orders.jsonl"
    path.write_text("".join(json.dumps(item) + "\n" for item in items))
    label = workspace.datasets.import_file(str(path)).label
    workspace.quality.score(label)
    workspace.derivations.derive(label, Redact())
    return label


def test_a_reason_leads_to_its_examples_and_they_to_a_version_without_them(visitor: Visitor, orders: str) -> None:
    visitor.open(f"/datasets/{orders}/quality")
    visitor.page.get_by_role("link", name="chat marker in the text").click()
    expect(visitor.page.locator("#dataset-rows")).to_contain_text("1 of 30 in doubt")
    visitor.page.get_by_role("link", name="Make a version without these").click()
    expect(visitor.page.get_by_label("chat marker in the text")).to_be_checked()


@pytest.mark.slow
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_and_nothing_is_wider_than_the_window(
    visitor: Visitor, workspace: Workspace, orders: str, theme: str
) -> None:
    failed = workspace.dataset_jobs.derive(orders, Filter(containing="zebra"))
    visitor.page.emulate_media(color_scheme=theme, reduced_motion="reduce")  # type: ignore[arg-type]
    rules = {
        "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
    }
    addresses = [
        *(f"/datasets/{orders}{view}" for view in ("/quality", "?below=1")),
        *(f"/datasets/{orders}/derive/{what}" for what in WAYS),
        "/datasets/mix?dataset=orders@1&dataset=orders@2",
        "/datasets/diff?before=orders@1&after=orders@2",
        f"/datasets/jobs/{failed.job_id}",
    ]
    for address in addresses[theme == "dark" :: 2]:  # every second one in the other light, to spare time
        for width in (320, 1440):
            visitor.page.set_viewport_size({"width": width, "height": 800})
            visitor.open(address)
            assert visitor.page.evaluate("document.documentElement.scrollWidth") <= width, address
        found = Axe().run(visitor.page, options=rules)["violations"]
        assert [f"{address} {item['id']}: {node['html'][:160]}" for item in found for node in item["nodes"]] == []
