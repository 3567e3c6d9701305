"""The home page keeps up with what happens, and says so when it cannot."""

import pytest
from playwright.sync_api import Route, expect

from luthier.domain.run_states import RunState
from luthier.store import Store
from tests.builders import a_recipe, a_run
from tests.server.web.scenes import Scene
from tests.server.web.visiting import Visitor

pytestmark = pytest.mark.browser


def test_what_changes_is_seen_without_a_reload(visitor: Visitor, store: Store, little: Scene) -> None:
    visitor.open("/")
    expect(visitor.page.get_by_text("step 34 of 60")).to_be_visible()
    with store.writing() as tx:
        tx.runs.update(little.runs["running"].model_copy(update={"step": 35}))
        tx.runs.add(a_run(name="waits", recipe=a_recipe(name="waits"), state=RunState.QUEUED))
    expect(visitor.page.get_by_text("step 35 of 60")).to_be_visible()
    expect(visitor.page.locator("#board").get_by_role("link", name="waits").first).to_be_visible()


def test_figures_that_cannot_be_fetched_say_their_age_and_stay(visitor: Visitor, little: Scene) -> None:
    page = visitor.page
    visitor.open("/")
    said = page.locator("[data-age]")
    expect(page.locator("#machine")).to_be_visible()
    expect(said).to_be_hidden()
    page.route("**/parts/board", lambda route: route.abort())
    expect(said).to_contain_text("s old: the server does not answer")
    expect(page.get_by_text("step 34 of 60")).to_be_visible()
    page.unroute("**/parts/board")
    expect(said).to_be_hidden()
    visitor.complaints.clear()  # the browser tells of each request that was cut off


def test_an_error_in_a_part_does_not_take_its_place(visitor: Visitor, little: Scene) -> None:
    page = visitor.page
    visitor.open("/")

    def fail(route: Route) -> None:
        route.fulfill(status=500, content_type="text/html", body="<p>broken</p>")

    page.route("**/parts/machine", fail)
    expect(page.locator("[data-age]")).to_be_visible()
    expect(page.get_by_text("broken")).to_have_count(0)
    expect(page.locator("#machine")).to_be_visible()
    visitor.complaints.clear()


def test_the_place_of_the_keyboard_outlives_a_new_board(visitor: Visitor, store: Store, little: Scene) -> None:
    page = visitor.page
    visitor.open("/")
    run = little.runs["running"]
    page.locator(f"#work-{run.run_id}").focus()
    with store.writing() as tx:
        tx.runs.update(run.model_copy(update={"step": 36}))
    expect(page.get_by_text("step 36 of 60")).to_be_visible()
    expect(page.locator(f"#work-{run.run_id}")).to_be_focused()
