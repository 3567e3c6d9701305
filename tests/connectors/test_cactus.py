"""Calling the cactus command: a program of that name on the path, which is all that we know of it."""

import stat
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from luthier.connectors.cactus import convert
from luthier.domain.deployments import CactusFailed, CactusMissing
from luthier.domain.jobs import Progress
from tests.builders.exports import an_export_job

PROGRAM = """#!{python}
import pathlib, sys
if "--lora" not in sys.argv:
    sys.exit("no adapter was given")
pathlib.Path(sys.argv[3]).mkdir()
(pathlib.Path(sys.argv[3]) / "weights").write_text(" ".join(sys.argv[1:]))
"""


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The only folder in which programs are looked for."""
    folder = tmp_path / "programs"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


def installed(folder: Path) -> None:
    program = folder / "cactus"
    program.write_text(PROGRAM.format(python=sys.executable))
    program.chmod(program.stat().st_mode | stat.S_IXUSR)


def silently(progress: Progress) -> None:
    """Nobody watches."""


def test_it_is_given_the_base_and_the_adapter(tmp_path: Path, path: Path) -> None:
    installed(path)
    job = an_export_job(tmp_path / "job", "cactus", base_folder="/models/tiny", adapter_folder="/runs/one/adapter")
    convert("orders@0.1.0", job, tmp_path / "out", silently)
    told = (tmp_path / "out" / "weights").read_text()
    assert told == f"convert /models/tiny {tmp_path / 'out'} --lora /runs/one/adapter"


def test_what_it_said_is_kept_when_it_fails(tmp_path: Path, path: Path) -> None:
    installed(path)
    job = an_export_job(tmp_path / "job", "cactus", base_folder="/models/tiny", adapter_folder=None)
    with pytest.raises(CactusFailed) as failed:
        convert("orders@0.1.0", job, tmp_path / "out", silently)
    assert "no adapter was given" in failed.value.problem.details


def test_without_it_another_form_is_offered(tmp_path: Path, path: Path) -> None:
    job = an_export_job(tmp_path / "job", "cactus", base_folder="/models/tiny", adapter_folder=None)
    with pytest.raises(CactusMissing, match="not installed"):
        convert("orders@0.1.0", job, tmp_path / "out", silently)
