from collections.abc import Iterator
from pathlib import Path

import pytest

from luthier.connectors.hub import Hub
from luthier.domain.jobs import Progress
from luthier.domain.models import BaseModelNotFound, ModelUnreachable
from luthier.kit.http import Http
from tests.connectors.hubs import COMMIT, SmallHub
from tests.kit.clocks import PatientClock
from tests.kit.loopback import Loopback, loopback

FILES = {
    "config.json": b"{}",
    "tokenizer.json": b"[]",
    "model.safetensors": b"weights" * 50_000,
    "pytorch_model.bin": b"pickle",
    "modeling_odd.py": b"print()",
    "onnx/model.json": b"{}",
    "../escape.json": b"{}",
}


@pytest.fixture
def small() -> SmallHub:
    return SmallHub("some/model", dict(FILES))


@pytest.fixture
def server(small: SmallHub) -> Iterator[Loopback]:
    with loopback(small) as server:
        yield server


@pytest.fixture
def hub(server: Loopback, tmp_path: Path) -> Hub:
    return Hub(Http(PatientClock(), attempts=2), server.address + "/", tmp_path / "parts")


def test_a_model_is_pinned_to_the_commit_that_was_found(hub: Hub) -> None:
    model = hub.look_up("some/model")
    assert (model.revision, model.licence) == (COMMIT, "apache-2.0")


def test_only_what_a_model_folder_needs_is_fetched_and_never_code(hub: Hub, tmp_path: Path) -> None:
    model = hub.look_up("some/model")
    hub.fetch(model, tmp_path / "out")
    fetched = {
        path.relative_to(tmp_path / "out").as_posix(): path.read_bytes() for path in (tmp_path / "out").rglob("*")
    }
    assert fetched == {name: FILES[name] for name in ("config.json", "tokenizer.json", "model.safetensors")}


def test_progress_runs_over_all_files_together(hub: Hub, tmp_path: Path) -> None:
    seen: list[Progress] = []
    model = hub.look_up("some/model")
    hub.fetch(model, tmp_path / "out", seen.append)
    assert [progress.done for progress in seen] == sorted(progress.done for progress in seen)
    assert seen[-1].done == seen[-1].total == model.total_bytes


@pytest.mark.parametrize("name", ["config.json", "model.safetensors"])
def test_files_that_are_not_what_the_listing_promised_are_refused(
    hub: Hub, small: SmallHub, tmp_path: Path, name: str
) -> None:
    small.tampered[name] = FILES[name][::-1]
    with pytest.raises(ModelUnreachable, match=name):
        hub.fetch(hub.look_up("some/model"), tmp_path / "out")


def test_a_fetch_that_was_interrupted_asks_only_for_the_rest(
    hub: Hub, small: SmallHub, server: Loopback, tmp_path: Path
) -> None:
    model = hub.look_up("some/model")

    def interrupt(progress: Progress) -> None:
        if "safetensors" in progress.what:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        hub.fetch(model, tmp_path / "out", interrupt)
    asked = len(server.seen)
    hub.fetch(model, tmp_path / "again")
    ((path, headers),) = server.seen[asked:]
    assert path.endswith("model.safetensors")
    assert headers["Range"].startswith("bytes=")
    assert (tmp_path / "again" / "model.safetensors").read_bytes() == FILES["model.safetensors"]


def test_a_model_that_the_hub_does_not_have_is_not_found(hub: Hub) -> None:
    with pytest.raises(BaseModelNotFound):
        hub.look_up("some/other")


def test_a_hub_that_answers_nonsense_is_unreachable_and_not_a_crash(hub: Hub, small: SmallHub) -> None:
    for nonsense in (b"<html>", b"[]", b'{"sha": "x"}', b'{"sha": "x", "siblings": []}'):
        small.replaced_by = nonsense
        with pytest.raises(ModelUnreachable):
            hub.look_up("some/model")


def test_a_model_without_a_stated_licence_says_so(hub: Hub, small: SmallHub) -> None:
    small.licence = None
    assert hub.look_up("some/model").licence == "not stated"
