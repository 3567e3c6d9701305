"""A browser for the journeys through the pages, signed in to the workspace of the test."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from luthier.workspace import Workspace
from tests.server.web.visiting import Visitor, launched, visiting


@pytest.fixture(scope="module")
def chrome(chromium: str) -> Iterator[Browser]:
    with launched(chromium) as browser:
        yield browser


@pytest.fixture
def visitor(chrome: Browser, workspace: Workspace) -> Iterator[Visitor]:
    with visiting(chrome, workspace) as arrived:
        yield arrived
