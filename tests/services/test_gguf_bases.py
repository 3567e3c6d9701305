"""GGUF files among the models: found, told what can be done with each, turned into 16 bits once, and never mixed up."""

import shutil
import time
from pathlib import Path
from typing import Any

import pytest

from luthier.domain.background import WorkState
from luthier.domain.gguf import GgufChanged, GgufElsewhere, GgufNotTrainable
from luthier.domain.model_cards import ModelQuery
from luthier.domain.models import BaseModelNotFound
from luthier.services.downloads import Downloads
from luthier.services.drafts import Drafts
from luthier.services.folders import Folders
from luthier.services.machine import MachineProfile
from luthier.services.model_browser import ModelBrowser
from luthier.services.model_comparison import ModelComparisons
from luthier.services.model_removal import ModelRemoval
from luthier.services.models import Models
from luthier.services.profiles import Profiles
from luthier.settings import Settings
from luthier.store import Store
from tests.builders.gguf_files import a_gguf_file
from tests.kit.clocks import PatientClock

NAME = "tiny.gguf"


class Place:
    """A workspace with one file that can be trained on, one that can only be asked, and one that is damaged."""

    def __init__(self, folder: Path, converted: Path | None = None) -> None:
        self.folders, self.clock = Folders(folder / "workspace"), PatientClock()
        self.folders.models.mkdir(parents=True, exist_ok=True)
        settings = Settings(home=self.folders.root, hub_cache=folder / "cache", offline=True)
        self.models = Models(settings, self.folders, self.clock)
        self.browser = ModelBrowser(self.models, MachineProfile(self.folders, self.clock), self.folders, self.clock)
        self.file = self.folders.models / "mine" / NAME
        self.file.parent.mkdir(exist_ok=True)
        if not self.file.exists():
            a_gguf_file(self.file)
            a_gguf_file(self.folders.models / "odd.gguf", pre="jina-v2-code")
            (self.folders.models / "broken.gguf").write_bytes(b"GGUF")


@pytest.fixture(scope="module")
def converted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with such a workspace, whose file was turned into 16 bits by the name that it has."""
    folder = tmp_path_factory.mktemp("converted")
    place = Place(folder)
    told: list[str] = []
    place.models.get(NAME, lambda progress: told.append(progress.what))
    assert any("converting" in what for what in told)
    return folder


@pytest.fixture
def place(converted: Path, tmp_path: Path) -> Place:
    shutil.copytree(converted, tmp_path / "copy")
    return Place(tmp_path / "copy")


def test_files_are_found_with_what_can_be_done_with_each(tmp_path: Path) -> None:
    cards = {card.name: card for card in Place(tmp_path).browser.find(ModelQuery(place="here")).cards}
    good, odd, broken = cards[NAME], cards["odd.gguf"], cards["broken.gguf"]
    assert (good.place, good.can_be_trained_on, good.fit.verdict) == ("file", True, "fits")
    assert "turned into 16 bits" in good.fit.sentence
    assert (odd.can_be_trained_on, odd.fit.verdict) == (False, "only-asked")
    assert "jina-v2-code" in odd.fit.sentence
    assert (broken.can_be_trained_on, broken.fit.sentence) == (False, "It cannot be read: it ends within its header.")


def test_a_file_is_compared_by_its_header_and_nothing_is_converted_for_it(tmp_path: Path) -> None:
    place = Place(tmp_path)
    comparisons = ModelComparisons(place.models, place.browser, Profiles(place.folders))
    file = comparisons.of([NAME, "odd.gguf"], ask_hub=True).models[0]
    assert (file.card.place, file.shape and file.shape.layers, file.problem) == ("file", 2, "")
    assert place.models.list() == []


def test_only_what_fits_leaves_out_what_can_only_be_asked(tmp_path: Path) -> None:
    names = {card.name for card in Place(tmp_path).browser.find(ModelQuery(place="here", fits_only=True)).cards}
    assert names == {NAME}


def test_once_converted_it_is_a_base_like_others_under_the_name_of_the_file(place: Place) -> None:
    base = place.models.get(NAME)
    assert (base.name, place.models.is_here(NAME)) == (NAME, True)
    assert str(place.folders.models) in base.folder or base.folder.endswith("tiny--from-gguf")
    assert [model.name for model in place.models.list()] == [NAME]
    card = next(card for card in place.browser.find(ModelQuery(text=NAME)).cards)
    assert (card.place, card.file is not None, card.fit.verdict) == ("here", True, "fits")


def test_a_path_to_a_file_of_the_workspace_means_the_same_base(place: Place) -> None:
    assert place.models.get(str(place.file)).name == NAME


def test_a_file_elsewhere_is_refused_with_where_to_lay_it(place: Place, tmp_path: Path) -> None:
    a_gguf_file(tmp_path / "other.gguf")
    with pytest.raises(GgufElsewhere) as caught:
        place.models.get(str(tmp_path / "other.gguf"))
    assert f"ln -s {tmp_path}/other.gguf {place.folders.models}/" in [
        action.command for action in caught.value.problem.actions
    ]


def test_another_file_under_the_name_is_never_taken_for_the_converted_one(place: Place) -> None:
    place.file.touch()
    a_gguf_file(place.file, unknown=2)
    with pytest.raises(GgufChanged):
        place.models.get(NAME)
    assert [model.name for model in place.models.list()] == [NAME]  # what was trained on it goes on


def test_removing_the_base_gives_back_what_was_converted_and_leaves_the_file(place: Place, store: Store) -> None:
    folder = Path(place.models.get(NAME).folder)
    no_runs: Any = None
    drafts = Drafts(no_runs, place.folders, place.clock)
    gone = ModelRemoval(store, place.models, drafts, place.clock).remove(NAME)
    assert gone.freed_bytes > 0
    assert (folder.exists(), place.file.exists(), place.models.is_here(NAME)) == (False, True, False)


def test_what_was_converted_stays_when_the_file_goes(place: Place) -> None:
    place.file.unlink()
    assert place.models.get(NAME).name == NAME


@pytest.mark.parametrize(("name", "reason"), [("odd.gguf", "jina-v2-code"), ("broken.gguf", "ends within")])
def test_what_cannot_be_trained_on_is_refused_before_anything_is_converted(
    place: Place, name: str, reason: str
) -> None:
    with pytest.raises(GgufNotTrainable, match=reason):
        place.models.get(name)
    with pytest.raises(BaseModelNotFound):
        place.models.get("absent.gguf")


def test_it_is_converted_in_the_background_like_a_download(tmp_path: Path) -> None:
    place = Place(tmp_path)
    downloads = Downloads(place.models, place.folders, place.clock)
    refused = downloads.begin("odd.gguf")
    assert ended(downloads, refused.download_id).problem is not None
    called_off = downloads.begin(NAME)
    downloads.cancel(called_off.download_id)
    assert ended(downloads, called_off.download_id).state is WorkState.CANCELLED
    assert not place.models.is_here(NAME)
    downloads.close()


def ended(downloads: Downloads, download_id: str):  # type: ignore[no-untyped-def]
    while (now := downloads.get(download_id)).state.is_open:
        time.sleep(0.01)
    return now
