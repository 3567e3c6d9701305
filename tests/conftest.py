"""What every test gets: no network beyond this machine, a clean environment, and the few things that many need."""

import os
import shutil
from pathlib import Path

import pytest
from filelock import FileLock

from luthier.settings import Settings
from tests.network import guard, network_allowed

# The settings of whoever runs the tests must not leak into them, nor into the processes that they start.
REQUIRE_BROWSER = os.environ.get("LUTHIER_REQUIRE_BROWSER", "") not in ("", "0")
for _name in [name for name in os.environ if name.startswith("LUTHIER_") or name == "HF_TOKEN"]:
    del os.environ[_name]
os.environ.update(HF_HUB_OFFLINE="1", TRANSFORMERS_OFFLINE="1", NO_COLOR="1")
guard()

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@pytest.fixture
def workspace_folder(tmp_path: Path) -> Path:
    """Where a workspace can be opened; nothing is in it yet."""
    return tmp_path / "workspace"


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of a Chromium for Playwright's `executable_path`."""
    for name in BROWSERS:
        if path := shutil.which(name):
            return path
    sentence = "No Chromium was found for the browser tests. Try: sudo apt-get install chromium"
    if REQUIRE_BROWSER:
        pytest.fail(sentence)
    pytest.skip(sentence)


@pytest.fixture(scope="session")
def starter_folder() -> Path:
    """The real starter model, pulled once for all test runs of this user."""
    import luthier

    home = Settings().hub_cache / "test-workspace"
    home.mkdir(parents=True, exist_ok=True)
    with FileLock(home.with_suffix(".lock")), network_allowed():
        workspace = luthier.open(home)
        try:
            return Path(workspace.models.get("starter").folder)
        finally:
            workspace.close()
