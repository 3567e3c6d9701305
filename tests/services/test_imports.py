"""An import ends with the same dataset whatever ends its process on the way, and work that is done stays done."""

import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from luthier.domain.background import WorkState
from luthier.domain.dataset_sources import SourceOptions
from luthier.domain.datasets import DatasetHasErrors
from luthier.domain.imports import Import, ImportEnded, ImportNotFound, ImportRequest
from luthier.domain.jobs import Progress
from luthier.settings import Settings
from luthier.workspace import Workspace, open_workspace
from tests.kit.loopback import Exchange, loopback

KILLED = """
import os, signal, sys
from luthier.domain.imports import ImportRequest
from luthier.services.imports import Imports
from luthier.workspace import open_workspace

workspace = open_workspace(sys.argv[1])
parts = (workspace.datasets, workspace.scenarios, workspace.uploads, workspace.folders, workspace.clock)

def die_at(progress):
    if progress.rows >= int(sys.argv[3]):
        os.kill(os.getpid(), signal.SIGKILL)

Imports(*parts, save_seconds=0).run(ImportRequest(path=sys.argv[2]), die_at)
"""


def rows(count: int, bad: int | None = None) -> str:
    lines = [json.dumps({"prompt": f"{number} pegs", "completion": f"pegs: {number}"}) for number in range(count)]
    if bad is not None:
        lines[bad] = '{"prompt": "cut'
    return "\n".join(lines) + "\n"


@pytest.fixture
def workspace(workspace_folder: Path) -> Iterator[Workspace]:
    with open_workspace(settings=Settings(home=workspace_folder, offline=True)) as opened:
        yield opened


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "pegs.jsonl"
    path.write_text(rows(3_000))
    return path


def ended(workspace: Workspace, job: Import) -> Import:
    deadline = time.monotonic() + 60
    while (now := workspace.imports.get(job.import_id)).state.is_open:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return now


def test_a_killed_import_goes_on_where_it_was_and_gives_the_same_dataset(
    workspace: Workspace, workspace_folder: Path, source: Path
) -> None:
    killed = subprocess.run([sys.executable, "-c", KILLED, str(workspace_folder), str(source), "1000"], check=False)
    assert killed.returncode == -signal.SIGKILL
    (left,) = workspace.imports.list()
    assert left.state is WorkState.UNFINISHED
    assert left.rows >= 999
    heard: list[Progress] = []
    dataset = workspace.imports.run(ImportRequest(path=str(source)), heard.append)
    assert workspace.imports.list() == []
    assert dataset.report.rows == dataset.examples == 3_000
    undisturbed = workspace.datasets.import_file(str(source), name="other")
    assert (dataset.sha256, dataset.report) == (undisturbed.sha256, undisturbed.report)


def test_a_source_that_changed_meanwhile_is_imported_anew(
    workspace: Workspace, workspace_folder: Path, source: Path
) -> None:
    subprocess.run([sys.executable, "-c", KILLED, str(workspace_folder), str(source), "1000"], check=False)
    source.write_text(rows(2_000).replace("pegs", "nuts"))
    dataset = workspace.imports.run(ImportRequest(path=str(source)))
    assert dataset.examples == 2_000
    assert all("nuts" in example.messages[0].content for example in workspace.datasets.examples(dataset))


def test_an_import_in_the_background_ends_with_its_dataset(workspace: Workspace, source: Path) -> None:
    job = ended(workspace, workspace.imports.begin(ImportRequest(path=str(source), name="wood")))
    assert (job.state, job.rows, job.file) == (WorkState.DONE, 3_000, "pegs.jsonl")
    assert job.dataset_id == workspace.datasets.get("wood").dataset_id


def test_an_import_with_bad_rows_fails_with_the_place_of_the_first(workspace: Workspace, source: Path) -> None:
    source.write_text(rows(50, bad=40))
    job = ended(workspace, workspace.imports.begin(ImportRequest(path=str(source))))
    assert job.state is WorkState.FAILED
    assert job.problem is not None
    assert "line 41" in job.problem.sentence
    with pytest.raises(DatasetHasErrors, match="line 41"):
        workspace.imports.run(ImportRequest(path=str(source)))
    assert [each.state for each in workspace.imports.list()] == [WorkState.FAILED]  # nothing to go on with is left
    assert workspace.datasets.list() == []


def test_a_cancelled_import_leaves_nothing_behind(workspace: Workspace, workspace_folder: Path, source: Path) -> None:
    subprocess.run([sys.executable, "-c", KILLED, str(workspace_folder), str(source), "1000"], check=False)
    (left,) = workspace.imports.list()
    assert workspace.imports.cancel(left.import_id).state is WorkState.CANCELLED
    assert not list(workspace.folders.imports.rglob("rows.jsonl"))
    assert workspace.datasets.list() == []
    with pytest.raises(ImportEnded, match="cancelled"):
        workspace.imports.resume(left.import_id)


def test_a_password_in_an_address_is_never_written_down(workspace: Workspace, tmp_path: Path) -> None:
    address = "postgresql://maker:sesame@127.0.0.1:9/orders"
    job = ended(
        workspace, workspace.imports.begin(ImportRequest(path=address, options=SourceOptions(query="SELECT 1")))
    )
    assert job.state is WorkState.FAILED
    for path in workspace.folders.root.rglob("*"):
        assert path.is_dir() or b"sesame" not in path.read_bytes(), path
    assert "sesame" not in repr(job)


def test_what_is_fetched_and_then_read_is_told_in_bytes(workspace_folder: Path, tmp_path: Path) -> None:
    content = rows(3_000).encode()
    heard: list[Progress] = []
    with loopback(lambda exchange: exchange.answer(200, content)) as site:
        settings = Settings(home=workspace_folder, hub_cache=tmp_path / "cache", data_origins=(site.address,))
        with open_workspace(settings=settings) as workspace:
            workspace.imports.run(ImportRequest(path=f"{site.address}/pegs.jsonl"), heard.append)
        assert heard[0].what == f"fetching {site.address}/pegs.jsonl"
    assert {(each.unit, each.total) for each in heard} == {("bytes", len(content))}
    assert (heard[-1].what, heard[-1].done) == ("reading rows", len(content))


def test_an_import_can_be_called_off_while_its_file_is_fetched(workspace_folder: Path, tmp_path: Path) -> None:
    content = rows(20_000).encode()
    called_off = threading.Event()

    def slowly(exchange: Exchange) -> None:
        exchange.answer(200, content[:400_000], announce=len(content))
        called_off.wait(30)
        exchange.wfile.write(content[400_000:])

    with loopback(slowly) as site:
        settings = Settings(home=workspace_folder, hub_cache=tmp_path / "cache", data_origins=(site.address,))
        with open_workspace(settings=settings) as workspace:
            job = workspace.imports.begin(ImportRequest(path=f"{site.address}/pegs.jsonl"))
            while not ((progress := workspace.imports.get(job.import_id).progress) and progress.total):
                time.sleep(0.01)
            assert (progress.total, progress.unit) == (len(content), "bytes")
            workspace.imports.cancel(job.import_id)
            called_off.set()
            assert ended(workspace, job).state is WorkState.CANCELLED
            assert workspace.datasets.list() == []
    assert not list((tmp_path / "cache").rglob("pegs.jsonl"))


def test_an_import_that_nobody_began_is_not_found(workspace: Workspace) -> None:
    for reference in ("imp_none", "..", "imp_../../etc"):
        with pytest.raises(ImportNotFound):
            workspace.imports.get(reference)
