"""Workspaces with nothing, little and much in them, and a real browser that is signed in to them."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from luthier.orchestration.launch import supervisor_lock
from luthier.store import Store
from luthier.workspace import Workspace
from tests.server.web.scenes import SCENES, Scene, stage
from tests.server.web.visiting import Visitor, launched, visiting


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


@pytest.fixture(scope="module")  # while one is open, nothing else in this process can run an event loop
def chrome(chromium: str) -> Iterator[Browser]:
    with launched(chromium) as browser:
        yield browser


@pytest.fixture
def visitor(chrome: Browser, workspace: Workspace) -> Iterator[Visitor]:
    with visiting(chrome, workspace) as arrived:
        yield arrived
