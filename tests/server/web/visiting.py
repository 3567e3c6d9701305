"""A real browser that comes in by the link that the server prints, and notes everything that it complains of.

The fixtures are for the conftest of a folder whose tests have a fixture `workspace`.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

from luthier.workspace import Workspace
from tests.server.conftest import listening

# What htmx says of a request that the page gave up for a newer one, as it should. A failure is also said otherwise.
_ABANDONED = re.compile(r"^htmx:(sendAbort|afterRequest)\b")

# A busy machine may take longer than the usual five seconds, and thirty for a page.
expect.set_options(timeout=20_000)
_PAGE_WITHIN_MS = 120_000


@dataclass
class Visitor:
    """A signed-in page."""

    page: Page
    url: str
    complaints: list[str] = field(default_factory=list)

    def open(self, address: str) -> None:
        self.page.goto(self.url + address)

    def listen(self) -> None:
        def heard(message: ConsoleMessage) -> None:
            if message.type in ("error", "warning") and not _ABANDONED.search(message.text):
                self.complaints.append(f"{self.page.url}: {message.text} ({message.location.get('url', '')})")

        self.page.on("console", heard)
        self.page.on("pageerror", lambda error: self.complaints.append(f"{self.page.url}: {error}"))


@contextmanager
def launched(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@contextmanager
def visiting(chrome: Browser, workspace: Workspace) -> Iterator[Visitor]:
    """Leaving asserts that nothing was complained of."""
    with listening(workspace) as client:
        url = str(client.base_url).rstrip("/")
        context = chrome.new_context(viewport={"width": 1440, "height": 900}, reduced_motion="reduce")
        context.set_default_navigation_timeout(_PAGE_WITHIN_MS)
        arrived = Visitor(context.new_page(), url)
        arrived.listen()
        arrived.page.goto(f"{url}/sign-in#code={workspace.sessions.new_code()}")
        arrived.page.wait_for_url(f"{url}/")
        yield arrived
        context.close()
        assert not arrived.complaints, "\n".join(arrived.complaints)


@pytest.fixture(scope="module")  # while one is open, nothing else in this process can run an event loop
def chrome(chromium: str) -> Iterator[Browser]:
    with launched(chromium) as browser:
        yield browser


@pytest.fixture
def visitor(chrome: Browser, workspace: Workspace) -> Iterator[Visitor]:
    with visiting(chrome, workspace) as arrived:
        yield arrived
