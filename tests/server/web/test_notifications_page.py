"""The page of notices, and what open pages do when one comes."""

from typing import Any

import pytest
from playwright.sync_api import expect

from luthier.store import Store
from luthier.workspace import Workspace
from tests.builders.moments import a_moment
from tests.kit.loopback import loopback
from tests.server.web.scenes import Scene
from tests.server.web.visiting import Visitor

pytestmark = pytest.mark.browser

_RECORD = """
globalThis.shown = [];
globalThis.Notification = class extends EventTarget {
  static permission = "granted";
  static async requestPermission() { return "granted"; }
  constructor(title, options) { super(); shown.push([title, options.body, options.tag]); }
};
globalThis.decided = [];
const request = navigator.locks.request.bind(navigator.locks);
navigator.locks.request = (name, options, show) =>
  request(name, options, (lock) => {
    const kept = show(lock);
    decided.push(name);
    return kept;
  });
"""


def notice(store: Store, run_id: str, **changes: Any) -> None:
    body = {"notice_id": "note_1", "kind": "failed", "urgency": "urgent", "title": "orders failed"}
    with store.writing() as tx:
        more = {"sentence": "The disk is full.", "run_name": "orders", "quiet": False, **changes}
        tx.events.append("run.notice", run_id, "notifier", {**body, **more}, a_moment())


def test_a_channel_is_added_tested_and_removed(visitor: Visitor, workspace: Workspace) -> None:
    with loopback(lambda exchange: exchange.answer(500)) as receiver:
        visitor.open("/notifications")
        page = visitor.page
        page.get_by_label("Name", exact=True).fill("team")
        page.get_by_label("Where to").fill(f"{receiver.address}/hook")
        page.get_by_role("button", name="Add").click()
        expect(page.get_by_text("team was added")).to_be_visible()
        expect(page.locator(".secret")).to_be_visible()
        page.get_by_role("button", name="Send a test through team").click()
        expect(page.get_by_text("can be reached from this machine or its network alone")).to_be_visible()
        expect(page.locator(".secret")).to_have_count(0)
        page.get_by_role("button", name="Remove team").click()
        expect(page.get_by_text("No channels yet")).to_be_visible()
        assert receiver.seen == []


def test_what_was_typed_stays_when_it_is_refused_except_the_password(visitor: Visitor) -> None:
    visitor.open("/notifications")
    page = visitor.page
    page.get_by_label("Name", exact=True).fill("me")
    page.get_by_label("Where to").fill("maker@example.org")
    page.get_by_text("For e-mail: your mail server").click()
    page.get_by_label("Server").fill("https://smtp.example.org/")
    page.get_by_label("Password").fill("spruce")
    page.get_by_role("button", name="Add").click()
    expect(page.get_by_text("The channel is not valid at host")).to_be_visible()
    expect(page.get_by_label("Server")).to_have_value("https://smtp.example.org/")
    expect(page.get_by_label("Password")).to_have_value("")


def test_a_notice_is_shown_once_however_many_pages_are_open(visitor: Visitor, little: Scene, store: Store) -> None:
    run_id = little.runs["running"].run_id
    context = visitor.page.context
    context.add_init_script(_RECORD)
    visitor.open("/notifications")
    visitor.page.get_by_role("button", name="Show notices in this browser").click()
    expect(visitor.page.get_by_text("Notices are shown here.")).to_be_visible()
    other = context.new_page()
    with other.expect_request("**/events?*"):
        other.goto(f"{visitor.url}/runs/{run_id}")
    notice(store, run_id)
    notice(store, run_id, notice_id="note_2", urgency="low", title="orders: 25 %", quiet=True)
    notice(store, run_id, notice_id="note_3", urgency="low", title="orders: 50 %")
    shown = "() => globalThis.shown"
    for page in (visitor.page, other):
        page.wait_for_function("() => globalThis.decided.length == 2")
    together = [*visitor.page.evaluate(shown), *other.evaluate(shown)]
    assert sorted(together) == [
        ["orders failed", "The disk is full.", "note_1"],
        ["orders: 50 %", "The disk is full.", "note_3"],
    ]


def test_the_icon_of_the_tab_shows_how_far_the_run_is(visitor: Visitor, little: Scene, store: Store) -> None:
    run = little.runs["running"]
    visitor.open(f"/runs/{run.run_id}")
    icon = visitor.page.locator('link[rel="icon"]')
    assert "mark" in str(icon.get_attribute("href"))
    with store.writing() as tx:
        body = {"what": "answering", "done": 30, "total": 60, "phase": "evaluating"}
        tx.events.append("run.progress", run.run_id, "worker", body, a_moment())
    expect(icon).to_have_attribute("type", "image/png")
    assert visitor.page.title().startswith("50 %")
