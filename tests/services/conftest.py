"""A store on a file of its own, with one run in it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from luthier.services.folders import Folders
from luthier.store import Store, open_store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(tmp_path / "luthier.db")
    yield opened
    opened.close()


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    return Folders(tmp_path)
