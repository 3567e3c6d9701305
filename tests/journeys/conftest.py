"""A workspace that fetches nothing, and a browser for the journeys through its pages."""

from collections.abc import Iterator
from pathlib import Path

import pytest

import luthier
from luthier.settings import Settings
from luthier.workspace import Workspace
from tests.server.web.visiting import chrome as chrome
from tests.server.web.visiting import visitor as visitor


@pytest.fixture
def workspace(workspace_folder: Path) -> Iterator[Workspace]:
    with luthier.open(settings=Settings(home=workspace_folder, offline=True, supervisor_idle_seconds=2)) as opened:
        yield opened
