"""Downloads of models: seen, called off, gone on with after a crash, and begun once."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from threading import Event

import pytest

from luthier.domain.background import WorkState
from luthier.domain.downloads import Download, DownloadEnded, DownloadNotFound
from luthier.domain.models import BaseModelNotFound
from luthier.kit.files import write_json
from luthier.services.downloads import Downloads
from luthier.services.folders import Folders
from luthier.services.models import Models
from luthier.settings import Settings
from tests.builders.models import a_model_folder
from tests.connectors.hubs import SmallHub
from tests.kit.clocks import PatientClock
from tests.kit.loopback import Exchange, loopback


class HoldingHub:
    """Holds the weights back until it may go on."""

    def __init__(self, folder: Path) -> None:
        self.hub = SmallHub("some/model", {path.name: path.read_bytes() for path in folder.iterdir()})
        self.may_go_on = Event()
        self.was_asked = Event()

    def __call__(self, exchange: Exchange) -> None:
        if exchange.path.endswith(".safetensors"):
            self.was_asked.set()
            self.may_go_on.wait(30)
        self.hub(exchange)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return a_model_folder(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture
def downloads_for(tmp_path: Path) -> Callable[[str], Downloads]:
    def make(endpoint: str) -> Downloads:
        folders, clock = Folders(tmp_path / "workspace"), PatientClock()
        folders.models.mkdir(parents=True, exist_ok=True)
        settings = Settings(home=folders.root, hub_cache=tmp_path / "cache", hub_endpoint=endpoint)
        return Downloads(Models(settings, folders, clock), folders, clock)

    return make


def ended(downloads: Downloads, download: Download) -> Download:
    while (now := downloads.get(download.download_id)).state.is_open:
        time.sleep(0.01)
    return now


def test_a_model_arrives_in_the_background(downloads_for: Callable[[str], Downloads], tiny: Path) -> None:
    hub = HoldingHub(tiny)
    with loopback(hub) as server:
        downloads = downloads_for(server.address)
        begun = downloads.begin("some/model")
        assert hub.was_asked.wait(30)
        assert downloads.begin("some/model").download_id == begun.download_id
        hub.may_go_on.set()
        assert ended(downloads, begun).state is WorkState.DONE
        with pytest.raises(DownloadEnded):
            downloads.resume(begun.download_id)


def test_one_that_is_called_off_ends_and_can_be_begun_again(
    downloads_for: Callable[[str], Downloads], tiny: Path
) -> None:
    hub = HoldingHub(tiny)
    with loopback(hub) as server:
        downloads = downloads_for(server.address)
        begun = downloads.begin("some/model")
        assert hub.was_asked.wait(30)
        downloads.cancel(begun.download_id)
        hub.may_go_on.set()
        assert ended(downloads, begun).state is WorkState.CANCELLED
        again = downloads.begin("some/model")
        assert again.download_id != begun.download_id
        assert ended(downloads, again).state is WorkState.DONE


def test_one_whose_process_was_killed_goes_on_with_what_had_arrived(
    downloads_for: Callable[[str], Downloads], tiny: Path, tmp_path: Path
) -> None:
    hub = HoldingHub(tiny)
    with loopback(hub) as server:
        downloads = downloads_for(server.address)
        begun = downloads.begin("some/model")
        assert hub.was_asked.wait(30)
        downloads.cancel(begun.download_id)  # leaves the small files, as a kill does
        hub.may_go_on.set()
        ended(downloads, begun)
        killed = {"asked": {"model": "some/model"}, "begun_at": datetime.now(UTC)}
        write_json(tmp_path / "workspace" / "downloads" / "dl_zzz" / "work.json", killed)
        assert downloads.get("dl_zzz").state is WorkState.UNFINISHED
        server.seen.clear()
        going_on = downloads.begin("some/model")
        assert going_on.download_id == "dl_zzz"
        assert ended(downloads, going_on).state is WorkState.DONE
    assert not [path for path, _ in server.seen if path.endswith("config.json")]


def test_what_no_hub_can_have_is_refused_at_once(downloads_for: Callable[[str], Downloads]) -> None:
    downloads = downloads_for("http://127.0.0.1:9")
    with pytest.raises(BaseModelNotFound):
        downloads.begin("../../etc/passwd")
    with pytest.raises(DownloadNotFound):
        downloads.get("dl_none")
    assert downloads.list() == []


def test_a_hub_that_does_not_answer_is_a_problem_of_the_download(downloads_for: Callable[[str], Downloads]) -> None:
    downloads = downloads_for("http://127.0.0.1:9")
    failed = ended(downloads, downloads.begin("some/model"))
    assert failed.state is WorkState.FAILED
    assert failed.problem is not None
    assert failed.problem.actions
