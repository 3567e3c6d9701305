"""A version that is to serve: the page shows how far its trial is, and what came of it, without being asked again."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from luthier.store import Store
from luthier.workspace import Workspace
from tests.builders.deployments import a_deployment, a_turn
from tests.server.web.visiting import Visitor
from tests.services.registered import registered

pytestmark = pytest.mark.browser


def test_a_trial_that_fails_is_told_on_the_card_and_stays_until_it_is_forgotten(
    visitor: Visitor, workspace: Workspace, store: Store
) -> None:
    version = registered(store, workspace.folders)
    (Path(version.adapter_folder) / version.weights_file).write_bytes(b"tampered with")
    page = visitor.page
    visitor.open("/deployments")
    page.get_by_label("Slot", exact=True).fill("clerk/orders")
    page.get_by_role("button", name="Try it, and let it serve").click()
    expect(page.get_by_text("Letting orders@0.1.0 serve in clerk/orders did not work")).to_be_visible()
    page.get_by_role("button", name="Forget it").click()
    expect(page.get_by_text("Nothing serves yet")).to_be_visible()
    assert workspace.rollouts.list() == []


def test_one_that_was_done_meanwhile_leads_to_what_serves_now(
    visitor: Visitor, workspace: Workspace, store: Store
) -> None:
    first, second = registered(store, workspace.folders), registered(store, workspace.folders, number="0.2.0")
    with store.writing() as tx:
        tx.deployments.put(a_deployment("clerk/orders", a_turn(first), a_turn(second)))
    page = visitor.page
    visitor.open("/deployments")
    page.get_by_label("Version", exact=True).select_option("orders@0.2.0")  # it serves already, so nothing is loaded
    page.get_by_label("Slot", exact=True).fill("clerk/orders")
    page.get_by_role("button", name="Try it, and let it serve").click()
    expect(page.get_by_role("link", name="orders@0.2.0")).to_be_visible()
    expect(page.locator(".rollout")).to_have_count(0)
