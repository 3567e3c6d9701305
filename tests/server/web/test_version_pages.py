import time
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from luthier.kit.files import write_json
from luthier.store import Store
from luthier.workspace import Workspace
from tests.builders.deployments import a_deployment, a_turn
from tests.services.registered import registered, versions_of

MARKED = {"x-luthier": "1"}


@pytest.fixture
def scene(store: Store, workspace: Workspace) -> tuple[str, str]:
    """Two versions of a name, of which the second serves."""
    first = registered(store, workspace.folders)
    second = versions_of(store, workspace.folders).create(first.label, number="1.0.0")
    with store.writing() as tx:
        tx.deployments.put(a_deployment("clerk/orders", a_turn(first), a_turn(second)))
    return first.version_id, second.version_id


def test_the_timeline_draws_who_comes_from_whom_and_who_serves(browser: TestClient, scene: tuple[str, str]) -> None:
    page = browser.get("/versions").text
    assert page.count("lineage-node") == 2
    assert page.count('class="lineage-line lineage-same"') == 1
    assert page.count("lineage-serves") == 1


def test_search_and_tags_narrow_the_timeline(browser: TestClient, scene: tuple[str, str]) -> None:
    first, _ = scene
    assert browser.post(f"/versions/{first}/tags", data={"tag": "kept"}, headers=MARKED).status_code == 303
    page = browser.get("/versions", params={"tag": "kept"}).text
    assert "orders@0.1.0" in page
    assert "orders@1.0.0" not in page
    assert "Nothing fits" in browser.get("/versions", params={"q": "nobody"}).text


def test_a_comparison_offers_to_merge_adapters_of_one_base(browser: TestClient, scene: tuple[str, str]) -> None:
    first, second = scene
    page = browser.get("/versions/compare", params={"first": first, "second": second}).text
    assert "Merge them" in page
    assert "no example in common" in page


def test_a_slot_shows_what_it_can_roll_back_to_and_can_be_emptied(browser: TestClient, scene: tuple[str, str]) -> None:
    page = browser.get("/deployments").text
    assert "Roll back to it" in page
    browser.post("/deployments/clerk/orders/remove", headers=MARKED)
    assert "Nothing serves yet" in browser.get("/deployments").text


def test_a_rollout_that_was_left_off_stands_on_the_page_until_it_is_forgotten(
    browser: TestClient, workspace: Workspace, scene: tuple[str, str]
) -> None:
    asked = {"slot": "clerk/orders", "version_id": scene[0], "version": "orders@0.1.0", "back": True}
    work = {"asked": asked, "begun_at": workspace.clock.now()}
    write_json(workspace.folders.rollouts / "rollout_zzz" / "work.json", work)
    page = browser.get("/deployments").text
    assert "Rolling clerk/orders back to orders@0.1.0" in page
    assert "was left off" in page
    assert browser.post("/deployments/rollouts/rollout_zzz/forget", headers=MARKED).status_code == 303
    assert "was left off" not in browser.get("/deployments").text


def test_deploying_on_the_page_answers_at_once_and_a_failure_is_told_there(
    browser: TestClient, workspace: Workspace, store: Store, scene: tuple[str, str]
) -> None:
    first = workspace.versions.get(scene[0])
    (Path(first.adapter_folder) / first.weights_file).write_bytes(b"tampered with")
    sent = browser.post("/deployments", data={"version": first.version_id, "slot": " clerk/new "}, headers=MARKED)
    assert (sent.status_code, sent.headers["location"]) == (303, "/deployments")
    (rollout,) = workspace.rollouts.list()
    while workspace.rollouts.get(rollout.rollout_id).state.is_open:
        time.sleep(0.01)
    card = browser.get(f"/deployments/rollouts/{rollout.rollout_id}").text
    assert "did not work" in card
    assert "hx-trigger" not in card


def test_the_disk_page_offers_what_can_go_and_never_what_serves(browser: TestClient, scene: tuple[str, str]) -> None:
    _, second = scene
    page = browser.get("/disk").text
    assert f'value="{second}"' not in page
    refused = browser.post("/disk/clean-up", data={"item": second}, headers=MARKED)
    assert refused.status_code == 409
    assert "serves in clerk/orders" in refused.text
