"""The commands of the first guide are typed as they stand there, in an empty workspace."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.shape.documented import blocks
from tests.shape.sources import ROOT

GUIDE = ROOT / "docs" / "guide" / "getting-started.md"


@pytest.mark.slow
@pytest.mark.training
@pytest.mark.timeout(900)
@pytest.mark.usefixtures("all_cores")
def test_the_first_guide_works_as_it_is_written(workspace_folder: Path, starter_folder: Path) -> None:
    """`starter_folder` only makes sure that the download is in the cache that all workspaces share."""
    environment = {**os.environ, "LUTHIER_HOME": str(workspace_folder), "PATH": _path_with_luthier()}
    for command in [line for block in blocks(GUIDE, "sh") for line in block]:
        ended = subprocess.run(
            ["/bin/sh", "-c", command], env=environment, capture_output=True, text=True, timeout=800, check=False
        )
        assert ended.returncode == 0, f"{command}\n{ended.stdout}\n{ended.stderr}"
        assert ended.stdout.strip(), f"{command} showed nothing"


def _path_with_luthier() -> str:
    return os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
