"""Comparing and removing base models on their pages, from the list where they are chosen."""

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from fastapi.testclient import TestClient
from playwright.sync_api import expect

import luthier
from luthier.domain.run_states import RunState
from luthier.domain.sweeps import SweepMember
from luthier.settings import Settings
from luthier.store import Store
from luthier.workspace import Workspace
from tests.builders import a_run
from tests.kit.loopback import Loopback
from tests.server.web.axe import faults_of
from tests.server.web.visiting import Visitor
from tests.services.hub_shops import NAME
from tests.services.hub_shops import hub as hub
from tests.services.hub_shops import tiny as tiny

LIGHTS: tuple[Literal["light"], Literal["dark"]] = ("light", "dark")
REMOVAL = f"/models/remove?name={NAME}"


@pytest.fixture
def workspace(workspace_folder: Path, tmp_path: Path, hub: Loopback) -> Iterator[Workspace]:
    """With a cache of its own and one model in it."""
    settings = Settings(home=workspace_folder, hub_cache=tmp_path / "cache", hub_endpoint=hub.address)
    with luthier.open(settings=settings) as opened:
        opened.models.pull(NAME)
        yield opened


def test_the_page_says_what_is_lost_and_then_the_model_is_gone(browser: TestClient, workspace: Workspace) -> None:
    page = browser.get(REMOVAL).text
    assert "This cannot be undone" in page and f"Remove {NAME}</button>" in page
    answer = browser.post("/models/remove", data={"name": NAME})
    assert (answer.status_code, answer.headers["location"]) == (303, "/models?place=here")
    assert workspace.models.list() == []
    assert browser.get(REMOVAL).status_code == 404


def test_a_model_that_is_needed_has_no_button_but_links_to_what_needs_it(
    browser: TestClient, workspace: Workspace, store: Store
) -> None:
    run = a_run(name="inn", state=RunState.PAUSED, base_folder=workspace.models.get(NAME).folder)
    with store.writing() as tx:
        tx.runs.add(run)
    page = browser.get(REMOVAL).text
    assert f'href="/runs/{run.run_id}"' in page and "button-danger" not in page
    refused = browser.post("/models/remove", data={"name": NAME})
    assert refused.status_code == 409 and "used by the run inn" in refused.text
    assert workspace.models.get(NAME).name == NAME


def test_a_script_sees_the_use_of_a_model_and_removes_it(browser: TestClient, workspace: Workspace) -> None:
    use = browser.get(f"/api/v1/models/use?model={NAME}").json()
    assert use["users"] == [] and use["freed_bytes"] > 0
    gone = browser.post("/api/v1/models/remove", json={"model": NAME}).json()
    assert gone == {"name": NAME, "freed_bytes": use["freed_bytes"], "is_shared": False}
    assert browser.post("/api/v1/models/remove", json={"model": NAME}).json()["code"] == "models.not_found"


def test_a_script_compares_models(browser: TestClient) -> None:
    compared = browser.get(f"/api/v1/models/compare?model={NAME}&model=starter").json()
    assert [model["card"]["place"] for model in compared["models"]] == ["here", "published"]
    assert browser.get(f"/api/v1/models/compare?model={NAME}").json()["code"] == "models.to_compare"


@pytest.mark.browser
def test_models_are_chosen_compared_and_one_is_removed(visitor: Visitor, workspace: Workspace) -> None:
    page = visitor.page
    visitor.open("/models")
    for name in (NAME, "starter"):
        page.get_by_role("checkbox", name=f"Compare {name}", exact=True).check()
    page.get_by_role("button", name="Compare the chosen").click()
    expect(page.get_by_role("heading", name="Models side by side")).to_be_visible()
    expect(page.get_by_role("row", name="Chat template")).to_contain_text("yes")
    visitor.open("/models?place=here")
    page.get_by_role("link", name=f"Remove {NAME}").click()
    page.get_by_role("button", name=f"Remove {NAME}").click()
    expect(page).to_have_url(f"{visitor.url}/models?place=here")
    expect(page.get_by_text(NAME)).to_have_count(0)
    assert workspace.models.list() == []


@pytest.mark.browser
def test_comparing_and_removing_are_for_everybody_and_fit_a_phone(
    visitor: Visitor, workspace: Workspace, store: Store
) -> None:
    with store.writing() as tx:
        for seed in range(3):
            member = SweepMember(sweep_id="sweep_1", values={"settings.seed": seed})
            tx.runs.add(a_run(name=f"seed {seed}", state=RunState.COMPLETED, sweep=member, loss=1.0 + seed))
    for address in (f"/models/compare?model={NAME}&model=starter", REMOVAL, "/runs/sweeps/sweep_1"):
        visitor.open(address)
        expect(visitor.page.locator(".htmx-request")).to_have_count(0)
        for theme in LIGHTS:
            visitor.page.emulate_media(color_scheme=theme, reduced_motion="reduce")
            assert faults_of(visitor.page) == [], f"{address} {theme}"
        for width in (320, 375):
            visitor.page.set_viewport_size({"width": width, "height": 800})
            visitor.page.wait_for_function("w => document.documentElement.scrollWidth <= w", arg=width)
        visitor.page.set_viewport_size({"width": 1440, "height": 900})
