"""The pages in a real browser: no complaint, nothing out of its frame, and usable by everybody."""

from functools import partial
from typing import Literal

import httpx
import pytest
from playwright.sync_api import Browser, Page, Request, TimeoutError, expect

from luthier.workspace import Workspace
from tests.server.conftest import listening
from tests.server.web.axe import faults_of
from tests.server.web.places import whole_pages
from tests.server.web.scenes import Scene
from tests.server.web.visiting import Visitor

pytestmark = pytest.mark.browser

FIRST_LOAD_BYTES = 150_000
WIDTHS = (1440, 1024, 768, 375, 320)
THEMES: tuple[Literal["light"], Literal["dark"]] = ("light", "dark")
PLACES = (*whole_pages(), "/scenarios/one?template=combat/the-bell-warden", "/help/guide/training")

WATCH_SHIFTS = """
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) window.moved = (window.moved ?? 0) + entry.value;
}).observe({ type: "layout-shift", buffered: true });
"""


def addresses_of(scene: Scene) -> list[str]:
    runs = [f"/runs/{run.run_id}" for run in scene.runs.values()]
    more = [f"/datasets/{scene.dataset_id}", f"/versions/{scene.version_id}"] if scene.version_id else []
    return [*PLACES, *runs, *more, *comparisons_of(scene)]


def comparisons_of(scene: Scene) -> list[str]:
    some = [f"run={run.run_id}" for run in scene.runs.values()][:5]
    return [f"/runs/compare?{'&'.join(some)}"] if len(some) > 1 else []


def settle(page: Page) -> None:
    """Until what loads by itself has loaded; the events of a run never end, so the network is never idle."""
    page.wait_for_load_state("load")
    expect(page.locator(".htmx-request")).to_have_count(0)


def test_no_page_complains_in_the_console(visitor: Visitor, scene: Scene) -> None:
    for address in addresses_of(scene):
        visitor.open(address)
        settle(visitor.page)
    assert visitor.complaints == []


@pytest.mark.slow
@pytest.mark.parametrize("third", range(3))
def test_axe_finds_nothing_in_either_light(visitor: Visitor, much: Scene, third: int) -> None:
    shown = [f"/runs/{much.runs[state].run_id}" for state in ("completed", "running", "failed", "queued")]
    more = (f"/datasets/{much.dataset_id}", f"/versions/{much.version_id}", *comparisons_of(much), "/sign-in")
    for address in (*PLACES, *shown, *more)[third::3]:
        visitor.open(address)
        settle(visitor.page)
        for theme in THEMES:
            visitor.page.emulate_media(color_scheme=theme, reduced_motion="reduce")
            said = faults_of(visitor.page)
            assert not said, f"{address} {theme}\n" + "\n".join(said)


@pytest.mark.slow
def test_no_page_is_wider_than_the_window(visitor: Visitor, much: Scene) -> None:
    """Each page is opened once and made narrower, as a window is; what draws itself anew may take a moment."""
    for address in addresses_of(much):
        visitor.open(address)
        settle(visitor.page)
        for width in WIDTHS:
            visitor.page.set_viewport_size({"width": width, "height": 800})
            try:
                visitor.page.wait_for_function(
                    "w => document.documentElement.scrollWidth <= w", arg=width, timeout=3000
                )
            except TimeoutError:
                wide = visitor.page.evaluate("document.documentElement.scrollWidth")
                pytest.fail(f"{address} takes {wide} of {width} pixels")


def test_the_first_load_is_small(chrome: Browser, workspace: Workspace, little: Scene) -> None:
    """Each page by itself, with nothing kept of those before it."""
    run = f"/runs/{little.runs['completed'].run_id}"
    with listening(workspace) as client:
        url = url_of(client)
        context = chrome.new_context()
        page = context.new_page()
        page.goto(f"{url}/sign-in#code={workspace.sessions.new_code()}")
        page.wait_for_url(f"{url}/")
        for place in ("/", "/runs", run, "/train", "/playground", "/scenarios", "/sign-in"):
            fresh = chrome.new_context(storage_state=context.storage_state()).new_page()
            received: dict[str, int] = {}
            fresh.on("requestfinished", partial(_note, received))
            fresh.goto(url + place)
            settle(fresh)
            fresh.wait_for_timeout(300)
            assert all(address.startswith(url) for address in received)
            assert 20_000 < sum(received.values()) <= FIRST_LOAD_BYTES, (place, received)
            fresh.context.close()
        context.close()


def url_of(client: httpx.Client) -> str:
    return str(client.base_url).rstrip("/")


def _note(received: dict[str, int], request: Request) -> None:
    sizes = request.sizes()
    received[request.url] = sizes["responseBodySize"] + sizes["responseHeadersSize"]


def test_nothing_moves_while_a_page_loads(visitor: Visitor, little: Scene) -> None:
    visitor.page.add_init_script(WATCH_SHIFTS)
    for address in ("/", "/runs", f"/runs/{little.runs['completed'].run_id}"):
        visitor.open(address)
        settle(visitor.page)
        visitor.page.wait_for_timeout(500)
        assert (visitor.page.evaluate("window.moved ?? 0")) < 0.1, address


def test_the_light_that_was_chosen_stays(visitor: Visitor) -> None:
    page = visitor.page
    ground = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(ground)
    page.get_by_role("button", name="Switch between light and dark").click()
    dark = page.evaluate(ground)
    assert dark != light
    page.reload()
    assert page.evaluate(ground) == dark


def test_a_sign_in_link_works_once_and_leaves_no_code_in_the_address(chrome: Browser, workspace: Workspace) -> None:
    with listening(workspace) as client:
        link = f"{url_of(client)}/sign-in#code={workspace.sessions.new_code()}"
        first = chrome.new_context().new_page()
        first.goto(link)
        first.wait_for_url(f"{url_of(client)}/")
        second = chrome.new_context().new_page()
        second.goto(link)
        expect(second.get_by_text("This sign-in code was used before")).to_be_visible()
        assert "code=" not in second.url
        first.context.close()
        second.context.close()


def test_signing_in_leads_back_to_the_page_that_was_asked_for(chrome: Browser, workspace: Workspace) -> None:
    with listening(workspace) as client:
        page = chrome.new_context().new_page()
        page.goto(f"{url_of(client)}/versions")
        page.get_by_label("Sign-in code or key").fill(workspace.sessions.new_code())
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(f"{url_of(client)}/versions")
        expect(page.get_by_role("heading", name="Versions", exact=True)).to_be_visible()
        assert page.url == f"{url_of(client)}/versions"
        page.context.close()


@pytest.mark.parametrize("elsewhere", ["//example.org/", "https://example.org/", "/\\example.org"])
def test_a_sign_in_link_cannot_lead_to_another_site(chrome: Browser, workspace: Workspace, elsewhere: str) -> None:
    with listening(workspace) as client:
        page = chrome.new_context().new_page()
        page.goto(f"{url_of(client)}/sign-in?next={elsewhere}#code={workspace.sessions.new_code()}")
        page.wait_for_url(f"{url_of(client)}/")
        expect(page.get_by_role("navigation", name="Places")).to_be_visible()
        assert page.url == f"{url_of(client)}/"
        page.context.close()


def test_the_keyboard_reaches_the_content_first(visitor: Visitor) -> None:
    visitor.open("/runs")
    visitor.page.keyboard.press("Tab")
    expect(visitor.page.locator(":focus")).to_have_text("Skip to the content")
