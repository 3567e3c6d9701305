"""A button that is pressed while the page's scripts are still on their way: nothing of it is lost."""

from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Page, Route

from luthier.workspace import Workspace
from tests.server.web.visiting import Visitor

pytestmark = pytest.mark.browser


@dataclass
class Late:
    """A script that arrives when it is let through."""

    page: Page
    name: str
    waiting: list[Route] = field(default_factory=list)
    is_let_through: bool = False

    def __post_init__(self) -> None:
        self.page.route(f"**/{self.name}*", self._came)

    def _came(self, route: Route) -> None:
        if self.is_let_through:
            route.continue_()
        else:
            self.waiting.append(route)

    def let_through(self) -> None:
        self.is_let_through = True
        for route in self.waiting:
            route.continue_()


def test_a_text_that_is_saved_before_the_page_is_alive_is_saved_once_it_is(
    visitor: Visitor, workspace: Workspace
) -> None:
    page = visitor.page
    htmx = Late(page, "htmx.min.js")
    page.goto(f"{visitor.url}/scenarios/one?template=combat", wait_until="commit")
    page.get_by_label("Save as").fill("river/ford.md")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("button", name="Save").click()  # nothing seems to happen, so it is pressed again
    assert "template=combat" in page.url
    assert not (workspace.folders.scenarios / "river" / "ford.md").exists()

    htmx.let_through()
    page.wait_for_url("**/scenarios/one?path=*ford.md")
    assert (workspace.folders.scenarios / "river" / "ford.md").read_text().startswith("---\ntitle: A fight at the ford")


def test_a_code_that_is_typed_before_the_page_is_alive_does_not_get_into_the_address(visitor: Visitor) -> None:
    page = visitor.page
    page.context.clear_cookies()
    script = Late(page, "sign-in.js")
    page.goto(f"{visitor.url}/sign-in", wait_until="commit")
    page.locator("[name=code]").fill("not-a-code")
    page.locator("[name=code]").press("Enter")
    assert "not-a-code" not in page.url

    script.let_through()
    page.locator("[data-sign-in-said].mistake").wait_for()
    assert "not-a-code" not in page.url
    visitor.complaints.clear()  # the browser notes that the code was refused
