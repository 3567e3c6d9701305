"""The top bar says at a glance what is at work, and when nothing may be asked of the network."""

from pathlib import Path

from fastapi.testclient import TestClient

import luthier
from luthier.server.app import create_app
from luthier.settings import Settings
from tests.server.conftest import OWN, key_of


def test_a_workspace_that_was_told_to_stay_offline_says_so_on_every_page(tmp_path: Path) -> None:
    for offline in (True, False):
        with luthier.open(settings=Settings(home=tmp_path / str(offline), offline=offline)) as workspace:
            headers = {"authorization": f"Bearer {key_of(workspace)}"}
            with TestClient(create_app(workspace), base_url=OWN, headers=headers) as client:
                assert (">offline<" in client.get("/parts/glance").text) is offline
