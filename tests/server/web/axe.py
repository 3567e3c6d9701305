"""What axe finds wrong with a page, by the rules of WCAG 2.2 AA and its own best practice."""

from axe_core_python.sync_playwright import Axe
from playwright.sync_api import Page

_AXE_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def faults_of(page: Page) -> list[str]:
    """What axe finds wrong with the page as it stands, a line each."""
    found = Axe().run(page, options={"runOnly": {"type": "tag", "values": _AXE_TAGS}})["violations"]
    return [f"{item['id']}: {node['html'][:160]} {node['failureSummary']}" for item in found for node in item["nodes"]]
