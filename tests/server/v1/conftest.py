"""The official client library of OpenAI against a running server, with models that are small and random."""

from collections.abc import Iterator

import openai
import pytest

import luthier
from luthier.settings import Settings
from luthier.store import open_store
from luthier.workspace import Workspace
from tests.builders.models import a_model_folder
from tests.builders.versions import a_version
from tests.server.conftest import listening

TINY = "tiny@0.1.0"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Workspace, str]]:
    """A workspace with a version that is a whole model, and the address of its server; loading it takes seconds."""
    root = tmp_path_factory.mktemp("served")
    folder = str(a_model_folder(root / "model"))
    settings = Settings(home=root / "workspace", offline=True, supervisor_idle_seconds=1)
    with luthier.open(settings=settings) as workspace:
        store = open_store(workspace.folders.database)
        with store.writing() as tx:
            tx.versions.add(a_version(name="tiny", number="0.1.0", kind="model", adapter_folder=folder))
        store.close()
        with listening(workspace) as client:
            yield workspace, str(client.base_url)


@pytest.fixture(scope="module")
def client(served: tuple[Workspace, str]) -> Iterator[openai.OpenAI]:
    workspace, address = served
    key = workspace.keys.make("conformance").secret
    with openai.OpenAI(base_url=f"{address}/v1", api_key=key, max_retries=0, timeout=60) as made:
        yield made
