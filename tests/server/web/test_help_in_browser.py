"""Help in a real browser: tips by pointer, keyboard and touch; the drawer; the palette; keys that lead to places."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from luthier.workspace import Workspace
from tests.server.conftest import listening
from tests.server.web.scenes import Scene
from tests.server.web.visiting import Visitor

pytestmark = pytest.mark.browser


def hint_of(page: Page, label: str) -> str:
    """The selector of the tip beside a label."""
    button = page.get_by_role("button", name=f"About this: {label}", exact=True).first
    return f"#{button.get_attribute('popovertarget')}"


def test_a_tip_opens_by_pointer_and_by_keyboard_and_closes_by_escape(visitor: Visitor) -> None:
    page = visitor.page
    visitor.open("/notifications")
    tip = page.locator(hint_of(page, "Where to"))
    field = page.get_by_label("Where to")
    before = field.bounding_box()
    expect(tip).to_be_hidden()
    page.get_by_role("button", name="About this: Where to").hover()
    expect(tip).to_be_visible()
    assert field.bounding_box() == before, "a tip moves nothing"
    page.keyboard.press("Escape")
    expect(tip).to_be_hidden()
    page.get_by_label("Name", exact=True).focus()
    page.keyboard.press("Tab")
    page.mouse.move(0, 0)
    expect(tip).to_be_visible()
    assert page.get_by_role("button", name="About this: Where to").get_attribute(
        "aria-describedby"
    ) == tip.get_attribute("id")
    page.keyboard.press("Tab")
    expect(tip).to_be_hidden()


def test_a_tip_needs_no_script_and_stays_inside_a_narrow_window(chrome: Browser, workspace: Workspace) -> None:
    with listening(workspace) as client:
        url = str(client.base_url).rstrip("/")
        signed_in = chrome.new_context()
        arriving = signed_in.new_page()
        arriving.goto(f"{url}/sign-in#code={workspace.sessions.new_code()}")
        arriving.wait_for_url(f"{url}/")
        context = chrome.new_context(
            java_script_enabled=False,
            has_touch=True,
            viewport={"width": 320, "height": 700},
            storage_state=signed_in.storage_state(),
        )
        page = context.new_page()
        page.goto(f"{url}/notifications")
        page.get_by_role("button", name="About this: Least urgent").tap()
        tip = page.locator("#tip-channel-least")
        expect(tip).to_be_visible()
        box = tip.bounding_box()
        assert box and box["x"] >= 0 and box["x"] + box["width"] <= 320
        context.close()
        signed_in.close()


def test_the_drawer_says_what_the_page_is_for_and_stays_as_it_was_left(visitor: Visitor, little: Scene) -> None:
    page = visitor.page
    visitor.open("/runs")
    panel = page.get_by_role("complementary", name="Help for this page")
    expect(panel).to_be_hidden()
    page.keyboard.press("?")
    expect(panel.get_by_role("heading", name="Runs", exact=True)).to_be_focused()
    visitor.open(f"/runs/{little.runs['completed'].run_id}")
    expect(panel.get_by_role("heading", name="A run", exact=True)).to_be_visible()
    panel.get_by_role("link", name="When training goes wrong").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("When training goes wrong")
    page.get_by_role("link", name="Help", exact=True).first.click()
    expect(panel).to_be_hidden()
    page.reload()
    expect(panel).to_be_hidden()


def test_the_palette_finds_a_run_and_goes_there_by_keyboard_alone(visitor: Visitor, much: Scene) -> None:
    page = visitor.page
    visitor.open("/datasets")
    page.keyboard.press("Control+k")
    line = page.get_by_role("combobox", name="Search and go")
    expect(line).to_be_focused()
    page.keyboard.type("orders-paused")
    first = page.get_by_role("option").first
    expect(first).to_contain_text("orders-paused")
    expect(first).to_have_attribute("aria-selected", "true")
    expect(line).to_have_attribute("aria-activedescendant", "hit-1")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(much.runs["paused"].run_id))


def test_the_palette_moves_with_the_arrows_holds_the_focus_and_gives_it_back(visitor: Visitor) -> None:
    page = visitor.page
    visitor.open("/versions")
    opener = page.get_by_role("link", name="Search")
    opener.focus()
    page.keyboard.press("Enter")
    line = page.get_by_role("combobox", name="Search and go")
    expect(line).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("option").nth(1)).to_have_attribute("aria-selected", "true")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    expect(page.get_by_role("option").last).to_have_attribute("aria-selected", "true")
    for _ in range(3):
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement === document.body || !!document.activeElement.closest('dialog')")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="Search and go")).to_be_hidden()
    expect(opener).to_be_focused()


def test_keys_lead_to_places_but_never_while_somebody_types(visitor: Visitor) -> None:
    page = visitor.page
    visitor.open("/")
    page.keyboard.press("g")
    page.keyboard.press("d")
    page.wait_for_url("**/datasets")
    visitor.open("/notifications")
    page.get_by_label("Where to").focus()
    page.keyboard.type("g r ? /")
    expect(page.get_by_label("Where to")).to_have_value("g r ? /")
    assert page.url.endswith("/notifications")
    page.evaluate("document.documentElement.dataset.shortcuts = 'off'; document.activeElement.blur()")
    page.keyboard.press("g")
    page.keyboard.press("r")
    page.wait_for_timeout(300)
    assert page.url.endswith("/notifications")
