"""Workspaces with nothing, little and much in them, and a real browser that is signed in to them."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright
from tests.server.conftest import listening
from tests.server.web.scenes import SCENES, Scene, stage

from luthier.orchestration.launch import supervisor_lock
from luthier.store import Store
from luthier.workspace import Workspace


@pytest.fixture(autouse=True)
def _no_supervisor(workspace: Workspace) -> Iterator[None]:
    """The runs of a scene have no worker; a real supervisor would notice that and start some."""
    with supervisor_lock(workspace.folders):
        yield


@pytest.fixture(params=list(SCENES))
def scene(request: pytest.FixtureRequest, workspace: Workspace, store: Store) -> Scene:
    return stage(request.param, store, workspace.folders)


@pytest.fixture
def little(workspace: Workspace, store: Store) -> Scene:
    return stage("little", store, workspace.folders)


@pytest.fixture
def much(workspace: Workspace, store: Store) -> Scene:
    return stage("much", store, workspace.folders)


@pytest.fixture(scope="session")
def chrome(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        yield launched
        launched.close()


@dataclass
class Visitor:
    """A signed-in page, with everything that it complained of."""

    page: Page
    url: str
    complaints: list[str] = field(default_factory=list)

    def open(self, address: str) -> None:
        self.page.goto(self.url + address)

    def listen(self) -> None:
        def heard(message: ConsoleMessage) -> None:
            if message.type in ("error", "warning"):
                self.complaints.append(f"{self.page.url}: {message.text}")

        self.page.on("console", heard)
        self.page.on("pageerror", lambda error: self.complaints.append(f"{self.page.url}: {error}"))


@pytest.fixture
def visitor(chrome: Browser, workspace: Workspace) -> Iterator[Visitor]:
    with visiting(chrome, workspace) as arrived:
        yield arrived


@contextmanager
def visiting(chrome: Browser, workspace: Workspace) -> Iterator[Visitor]:
    """Comes in by the link that the server prints. Leaving asserts that nothing was complained of."""
    with listening(workspace) as client:
        url = str(client.base_url).rstrip("/")
        context = chrome.new_context(viewport={"width": 1440, "height": 900}, reduced_motion="reduce")
        arrived = Visitor(context.new_page(), url)
        arrived.listen()
        arrived.page.goto(f"{url}/sign-in#code={workspace.sessions.new_code()}")
        arrived.page.wait_for_url(f"{url}/")
        yield arrived
        context.close()
        assert arrived.complaints == []
