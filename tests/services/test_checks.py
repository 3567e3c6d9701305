"""A source is looked through in the background: it tells how far it is, and is given up when it is asked otherwise."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from luthier.domain.background import WorkState
from luthier.domain.checks import CheckNotFound, SourceCheck
from luthier.domain.dataset_sources import SourceOptions
from luthier.domain.imports import ImportRequest
from luthier.settings import Settings
from luthier.workspace import Workspace, open_workspace
from tests.kit.loopback import Exchange, Loopback, loopback

CONTENT = b'{"prompt": "a peg", "completion": "of oak"}\n' * 20_000
FIRST = 400_000  # bytes that come at once


@contextmanager
def slow_site() -> Iterator[tuple[Loopback, threading.Event]]:
    """The second part of its file comes when the event is set."""
    may_go_on = threading.Event()

    def slowly(exchange: Exchange) -> None:
        exchange.answer(200, CONTENT[:FIRST], announce=len(CONTENT))
        may_go_on.wait(30)
        exchange.wfile.write(CONTENT[FIRST:])

    with loopback(slowly) as site:
        yield site, may_go_on
        may_go_on.set()


@contextmanager
def asking(site: Loopback, home: Path) -> Iterator[Workspace]:
    settings = Settings(home=home, hub_cache=home.parent / "cache", data_origins=(site.address,))
    with open_workspace(settings=settings) as workspace:
        yield workspace


@pytest.fixture
def workspace(workspace_folder: Path) -> Iterator[Workspace]:
    with open_workspace(workspace_folder) as opened:
        yield opened


def ended(workspace: Workspace, check: SourceCheck) -> SourceCheck:
    while (now := workspace.checks.get(check.check_id)).state.is_open:
        time.sleep(0.01)
    return now


def test_a_small_file_is_looked_through_at_once(workspace: Workspace, tmp_path: Path) -> None:
    (tmp_path / "pegs.jsonl").write_bytes(CONTENT[:880])
    check = workspace.checks.of(ImportRequest(path=str(tmp_path / "pegs.jsonl")))
    assert check.state is WorkState.DONE and check.report is not None
    assert (check.report.examples, check.file) == (20, "pegs.jsonl")


def test_what_has_ended_is_told_of_once(workspace: Workspace, tmp_path: Path) -> None:
    request = ImportRequest(path=str(tmp_path / "pegs.jsonl"))
    (tmp_path / "pegs.jsonl").write_bytes(CONTENT[:880])
    first = workspace.checks.of(request)
    (tmp_path / "pegs.jsonl").write_bytes(CONTENT[:440])
    again = workspace.checks.of(request)
    assert first.report is not None and again.report is not None
    assert (first.report.examples, again.report.examples) == (20, 10)
    with pytest.raises(CheckNotFound, match="check_"):
        workspace.checks.get(first.check_id)


def test_a_file_that_cannot_be_read_is_a_problem(workspace: Workspace, tmp_path: Path) -> None:
    check = workspace.checks.of(ImportRequest(path=str(tmp_path / "missing.jsonl")))
    assert check.state is WorkState.FAILED and check.problem is not None
    assert "missing.jsonl" in check.problem.sentence


def test_one_that_takes_long_tells_how_far_it_is_and_is_the_same_when_asked_again(workspace_folder: Path) -> None:
    with slow_site() as (site, may_go_on), asking(site, workspace_folder) as workspace:
        request = ImportRequest(path=f"{site.address}/pegs.jsonl")
        first = workspace.checks.of(request)
        assert first.state is WorkState.RUNNING and first.progress is not None
        assert (first.progress.total, first.progress.unit) == (len(CONTENT), "bytes")
        assert workspace.checks.of(request).check_id == first.check_id
        may_go_on.set()
        ended(workspace, first)
        report = workspace.checks.of(request).report
        assert report is not None and report.examples == 20_000


def test_asking_otherwise_of_the_same_source_gives_up_what_was_asked_before(workspace_folder: Path) -> None:
    with slow_site() as (site, may_go_on), asking(site, workspace_folder) as workspace:
        address = f"{site.address}/pegs.jsonl"
        first = workspace.checks.of(ImportRequest(path=address))
        second = workspace.checks.of(ImportRequest(path=address, options=SourceOptions(encoding="utf-8")))
        may_go_on.set()
        states = [ended(workspace, each).state for each in (first, second)]
    assert states == [WorkState.CANCELLED, WorkState.DONE]


def test_one_can_be_called_off(workspace_folder: Path) -> None:
    with slow_site() as (site, may_go_on), asking(site, workspace_folder) as workspace:
        check = workspace.checks.begin(ImportRequest(path=f"{site.address}/pegs.jsonl"))
        workspace.checks.cancel(check.check_id)
        may_go_on.set()
        assert ended(workspace, check).state is WorkState.CANCELLED


def test_a_password_in_an_address_is_never_written_down(workspace: Workspace) -> None:
    options = SourceOptions(query="SELECT 1")
    address = "postgresql://maker:sesame@127.0.0.1:9/orders"
    ended(workspace, workspace.checks.begin(ImportRequest(path=address, options=options)))
    for path in workspace.folders.root.rglob("*"):
        assert path.is_dir() or b"sesame" not in path.read_bytes(), path
