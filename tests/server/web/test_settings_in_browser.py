"""The page of settings: what is saved shows at once, and what is wrong loses nothing."""

import pytest
from playwright.sync_api import expect

from luthier.workspace import Workspace
from tests.server.web.visiting import Visitor

pytestmark = pytest.mark.browser


def test_a_saved_light_and_density_show_at_once_and_on_the_next_page(visitor: Visitor, workspace: Workspace) -> None:
    page = visitor.page
    visitor.open("/settings")
    page.get_by_role("button", name="Switch between light and dark").click()  # of this browser alone
    page.get_by_label("Light", exact=True).select_option("dark")
    page.get_by_label("Density", exact=True).select_option("compact")
    page.get_by_role("button", name="Save pages").click()
    expect(page.get_by_text("Saved; it counts from now on.")).to_be_visible()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    visitor.open("/runs")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    expect(page.locator("html")).to_have_attribute("data-density", "compact")
    assert workspace.kept_settings.current().theme == "dark"


def test_a_wrong_value_is_told_beside_its_field_and_nothing_typed_is_lost(
    visitor: Visitor, workspace: Workspace
) -> None:
    page = visitor.page
    visitor.open("/settings")
    page.get_by_label("Price of a kilowatt-hour").fill("cheap")
    page.get_by_label("Currency").fill("CHF")
    page.get_by_label("Currency").press("Enter")
    expect(page.get_by_text("electricity_price cannot be cheap")).to_be_visible()
    expect(page.get_by_label("Price of a kilowatt-hour")).to_have_value("cheap")
    expect(page.get_by_label("Currency")).to_have_value("CHF")
    assert workspace.kept_settings.current().currency == "EUR"


def test_what_the_environment_decides_cannot_be_typed_and_says_so(visitor: Visitor) -> None:
    visitor.open("/settings")  # the workspace of these tests was told to be offline
    expect(visitor.page.get_by_label("Offline: no network at all")).to_be_disabled()
    expect(visitor.page.get_by_text("Decided by LUTHIER_OFFLINE")).to_be_visible()


def test_a_damaged_file_is_explained_on_its_page(visitor: Visitor, workspace: Workspace) -> None:
    workspace.folders.settings.write_text("density = wide\n")
    visitor.open("/settings")
    expect(visitor.page.get_by_text("settings.toml cannot be read")).to_be_visible()
