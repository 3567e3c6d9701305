"""One tiny base model and one server of workers for all faults."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.builders.models import a_model_folder
from tests.engine.workers import Workers


@pytest.fixture(scope="session")
def tiny_base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return a_model_folder(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture(scope="session")
def workers() -> Iterator[Workers]:
    with Workers() as workers:
        yield workers
