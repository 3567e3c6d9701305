"""What every test gets: no network beyond this machine, a clean environment, and the few things that many need."""

import os
import shutil
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from filelock import FileLock
from hypothesis import settings as hypothesis_settings

from luthier.settings import Settings
from tests.network import guard, network_allowed

# The settings of whoever runs the tests must not leak into them, nor into the processes that they start.
REQUIRE_BROWSER = os.environ.get("LUTHIER_REQUIRE_BROWSER", "") not in ("", "0")
for _name in [name for name in os.environ if name.startswith("LUTHIER_") or name == "HF_TOKEN"]:
    del os.environ[_name]
os.environ.update(HF_HUB_OFFLINE="1", TRANSFORMERS_OFFLINE="1", NO_COLOR="1")
guard()

# A change is judged by the same examples each time; `--hypothesis-profile=default` looks for new ones.
hypothesis_settings.register_profile("settled", derandomize=True, deadline=None)
hypothesis_settings.load_profile("settled")


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Tests marked `gpu` are left out where torch finds none."""
    if item.get_closest_marker("gpu") and not _has_gpu():
        pytest.skip("torch finds no GPU here")


@cache
def _has_gpu() -> bool:
    """Torch takes seconds to import, so it is only asked where there is a sign of a GPU."""
    if sys.platform == "linux" and not any(Path(sign).exists() for sign in ("/dev/nvidiactl", "/dev/dxg", "/dev/kfd")):
        return False
    import torch

    return bool(torch.cuda.is_available() or torch.backends.mps.is_available())


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


@pytest.fixture
def all_cores() -> Iterator[None]:
    """For whoever trains the real starter: two at once take several times as long as one after the other."""
    with FileLock(Settings().hub_cache / "all-cores.lock"):
        yield


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
