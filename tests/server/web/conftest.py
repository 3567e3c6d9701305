"""Workspaces with nothing, little and much in them, and a real browser that is signed in to them."""

from collections.abc import Iterator

import pytest

from luthier.orchestration.launch import supervisor_lock
from luthier.store import Store
from luthier.workspace import Workspace
from tests.server.web.scenes import SCENES, Scene, stage
from tests.server.web.visiting import chrome as chrome
from tests.server.web.visiting import visitor as visitor


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
