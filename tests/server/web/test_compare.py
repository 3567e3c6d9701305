"""Comparing runs on their page and over HTTP, from the list where they are chosen."""

import pytest
from fastapi.testclient import TestClient
from playwright.sync_api import expect

from tests.server.web.scenes import Scene
from tests.server.web.visiting import Visitor

STATES = ("completed", "running", "failed")


def query(scene: Scene) -> str:
    return "&".join(f"run={scene.runs[state].run_id}" for state in STATES)


def test_a_script_reads_figures_differences_and_verdicts(browser: TestClient, much: Scene) -> None:
    compared = browser.get(f"/api/v1/runs/compare?{query(much)}&sort=loss").json()
    assert compared["runs"][0]["name"] == "orders-completed"
    loss = next(metric for metric in compared["metrics"] if metric["name"] == "loss")
    assert loss["best"] == [0] and len(loss["values"]) == 3
    assert compared["differences"] == compared["verdicts"] == compared["doubts"] == []
    curves = browser.get(f"/api/v1/runs/compare/curves?{query(much)}&name=loss&axis=step").json()
    assert [len(curve["points"]) for curve in curves] == [60, 34, 34]


@pytest.mark.parametrize("address", ["/runs/compare", "/api/v1/runs/compare?run=orders-completed"])
def test_too_few_runs_are_a_sentence(browser: TestClient, much: Scene, address: str) -> None:
    answer = browser.get(address)
    assert answer.status_code == 422
    assert "Two to five different runs can be compared" in answer.text


@pytest.mark.browser
def test_runs_are_chosen_compared_sorted_and_drawn(visitor: Visitor, much: Scene) -> None:
    page = visitor.page
    visitor.open("/runs")
    for state in STATES[:2]:
        page.get_by_role("checkbox", name=f"Compare orders-{state}", exact=True).check()
    page.get_by_role("button", name="Compare the chosen").click()
    expect(page.get_by_role("heading", name="Runs side by side")).to_be_visible()
    expect(page.locator(".uplot canvas")).to_be_visible()
    expect(page.locator(".u-legend")).to_contain_text("orders-running")
    page.get_by_label("over").select_option("seconds")
    expect(page.locator(".u-legend")).to_contain_text("seconds of training")
    page.get_by_role("checkbox", name="From start to end of each").check()
    expect(page.locator(".u-legend")).to_contain_text("share of its training")
    page.get_by_role("link", name="Training loss").click()
    expect(page.locator("th[aria-current]")).to_have_text("Training loss")
    expect(page.locator("tbody b.best").first).to_be_visible()
