"""Workspaces of one user: a cache that they share, and a small hub on this machine that has one model."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

import luthier
from luthier.settings import Settings
from luthier.workspace import Workspace
from tests.builders.models import a_model_folder
from tests.connectors.hubs import SmallHub
from tests.kit.loopback import Loopback, loopback

NAME = "some/model"
Opener = Callable[..., Workspace]


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return a_model_folder(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture
def hub(tiny: Path) -> Iterator[Loopback]:
    with loopback(SmallHub(NAME, {path.name: path.read_bytes() for path in tiny.iterdir()})) as server:
        yield server


@pytest.fixture
def shop(tmp_path: Path, hub: Loopback) -> Iterator[Opener]:
    """Opens the workspace of that name; all are closed in the end."""
    with ExitStack() as opened:

        def open_shop(name: str = "one") -> Workspace:
            values = {"home": tmp_path / name, "hub_cache": tmp_path / "cache", "hub_endpoint": hub.address}
            return opened.enter_context(luthier.open(settings=Settings(**values)))  # type: ignore[arg-type]

        yield open_shop
