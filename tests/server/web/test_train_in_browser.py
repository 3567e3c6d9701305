"""The form of a new run on a slow machine: nothing that a person does too early is lost, and nothing moves away."""

import pytest
from playwright.sync_api import Route, expect

from tests.server.web.visiting import Visitor

pytestmark = pytest.mark.browser


def test_a_choice_that_is_made_before_the_page_is_alive_counts(visitor: Visitor) -> None:
    page = visitor.page
    held: list[Route] = []
    page.route("**/train-form*.js*", lambda route: held.append(route))
    page.goto(visitor.url + "/train", wait_until="commit")
    page.get_by_role("radio", name="A file").check()
    while not held:
        page.wait_for_timeout(10)
    expect(page.get_by_label("Path on this machine")).to_be_hidden()
    held[0].continue_()
    expect(page.get_by_label("Path on this machine")).to_be_visible()


def test_the_button_that_starts_a_run_stays_where_it_is_while_what_is_found_grows(visitor: Visitor) -> None:
    page = visitor.page
    held: list[Route] = []
    page.route("**/train/check", lambda route: held.append(route))
    visitor.open("/train")
    start = page.get_by_role("button", name="Start the run")
    before = start.bounding_box()
    while not held:
        page.wait_for_timeout(10)
    held[0].continue_()
    expect(page.locator("#train-check")).to_contain_text("What was found")
    assert start.bounding_box() == before
