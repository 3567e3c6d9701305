"""A private model or dataset is fetched by whoever may have it; others are told what to do, and no token leaks."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from luthier.connectors.dataset_sources import DatasetSources
from luthier.connectors.hub import Hub
from luthier.data.readers.rows import Reading
from luthier.domain.dataset_sources import HubDatasetNotFound
from luthier.domain.errors import LuthierError
from luthier.domain.hub import HubAccessRefused
from luthier.domain.models import BaseModelNotFound
from luthier.kit.http import Http
from luthier.orchestration.launch import worker_environment
from luthier.settings import Settings
from tests.connectors.hubs import SmallHub
from tests.data.hostile.cases import GOOD
from tests.kit.clocks import PatientClock
from tests.kit.loopback import Exchange, Loopback, loopback

MEMBER, STRANGER = "hf_member", "hf_stranger"


@pytest.fixture
def private() -> SmallHub:
    files = {"train.jsonl": f"{GOOD}\n".encode(), "config.json": b"{}", "model.safetensors": b"w"}
    return SmallHub("ann/tales", files, members=frozenset({MEMBER}), strangers=frozenset({STRANGER}))


@pytest.fixture
def server(private: SmallHub) -> Iterator[Loopback]:
    with loopback(private) as opened:
        yield opened


def models(server: Loopback, folder: Path, token: str | None) -> Hub:
    return Hub(Http(PatientClock(), attempts=1, token=token), server.address, folder / "parts", token)


def rows(server: Loopback, folder: Path, token: str | None) -> int:
    settings = Settings(hub_endpoint=server.address, hub_cache=folder, hub_token=token)
    return len(list(DatasetSources(settings, PatientClock()).open("hub:ann/tales/train.jsonl", Reading()).rows()))


def test_a_member_gets_a_private_model_and_a_private_dataset(
    private: SmallHub, server: Loopback, tmp_path: Path
) -> None:
    hub = models(server, tmp_path, MEMBER)
    hub.fetch(hub.look_up("ann/tales"), tmp_path / "model")
    assert (tmp_path / "model" / "model.safetensors").read_bytes() == b"w"
    private.kind = "datasets"
    assert rows(server, tmp_path, MEMBER) == 1


@pytest.mark.parametrize("token", [None, STRANGER])
def test_what_the_hub_hides_is_not_found_and_the_way_to_say_who_one_is_is_named(
    private: SmallHub, server: Loopback, tmp_path: Path, token: str | None
) -> None:
    with pytest.raises(BaseModelNotFound) as model:
        models(server, tmp_path, token).look_up("ann/tales")
    private.kind = "datasets"
    with pytest.raises(HubDatasetNotFound) as dataset:
        rows(server, tmp_path, token)
    for refusal in (model, dataset):
        assert any("HF_TOKEN" in (action.command or "") for action in refusal.value.problem.actions)


@pytest.mark.parametrize("token", [None, STRANGER])
def test_what_is_gated_says_where_to_ask_for_access(
    private: SmallHub, server: Loopback, tmp_path: Path, token: str | None
) -> None:
    private.is_gated = True
    hub = models(server, tmp_path, token)
    with pytest.raises(HubAccessRefused, match="asked for access") as refusal:
        hub.fetch(hub.look_up("ann/tales"), tmp_path / "model")
    assert ("no token" in str(refusal.value)) is (token is None)
    private.kind = "datasets"
    with pytest.raises(HubAccessRefused) as refusal:
        rows(server, tmp_path, token)
    assert f"{server.address}/datasets/ann/tales" in refusal.value.problem.actions[0].label


def test_a_token_that_the_hub_does_not_know_is_named_as_the_fault(
    private: SmallHub, server: Loopback, tmp_path: Path
) -> None:
    with pytest.raises(HubAccessRefused, match="does not know the token"):
        models(server, tmp_path, "hf_stale").look_up("ann/tales")
    private.kind = "datasets"
    with pytest.raises(HubAccessRefused, match="does not know the token"):
        rows(server, tmp_path, "hf_stale")


def test_the_token_does_not_follow_a_redirect_to_another_host(tmp_path: Path) -> None:
    def elsewhere(exchange: Exchange) -> None:
        exchange.answer(200, b"{}")

    with loopback(elsewhere) as store:
        away = store.address.replace("127.0.0.1", "localhost")
        with loopback(lambda exchange: exchange.answer(302, Location=f"{away}/blob")) as hub:
            Http(PatientClock(), attempts=1, token=MEMBER).get_json(f"{hub.address}/file")
            ((_, asked),) = hub.seen
        ((_, followed),) = store.seen
    assert asked["Authorization"] == f"Bearer {MEMBER}"
    assert "Authorization" not in followed


def test_the_token_is_read_from_the_environment_and_shown_nowhere(
    private: SmallHub, server: Loopback, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", STRANGER)
    settings = Settings(hub_endpoint=server.address, hub_cache=tmp_path)
    assert STRANGER not in f"{settings!r} {settings} {settings.model_dump()} {settings.model_dump_json()}"
    assert STRANGER not in str(worker_environment({}))
    with pytest.raises(LuthierError) as refusal:
        models(server, tmp_path, STRANGER).look_up("ann/tales")
    assert STRANGER not in refusal.value.problem.model_dump_json()
