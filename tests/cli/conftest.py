"""A command line on an empty workspace."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.running import Cli


@pytest.fixture
def cli(tmp_path: Path) -> Iterator[Cli]:
    cli = Cli(tmp_path / "workspace", tmp_path)
    yield cli
    cli.close()
