import time
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from fastapi.testclient import TestClient

from luthier.domain.keys import KeyNameTaken, KeyNotFound
from luthier.store import Store
from luthier.workspace import Workspace
from tests.builders.models import a_model_that_repeats
from tests.builders.versions import a_version
from tests.server.conftest import OWN, listening

EVERY_ADDRESS = ["/api/v1/runs", "/api/v1/keys", "/api/v1/chats", "/", "/runs", "/playground", "/api/v1/openapi.json"]


@pytest.fixture
def endless(workspace: Workspace, store: Store, tmp_path: Path) -> str:
    """A version whose answers have room for many minutes, and whose model never ends one."""
    folder = a_model_that_repeats(tmp_path / "model", "a", max_position_embeddings=100_000)
    with store.writing() as tx:
        tx.versions.add(a_version(name="endless", kind="model", adapter_folder=str(folder)))
    return "endless"


def made(workspace: Workspace, name: str = "llm") -> dict[str, str]:
    return {"authorization": f"Bearer {workspace.keys.make(name).secret}"}


def test_a_key_for_inference_opens_the_models_and_nothing_else(stranger: TestClient, workspace: Workspace) -> None:
    key = made(workspace)
    assert stranger.get("/v1/models", headers=key).status_code == 200
    for address in EVERY_ADDRESS:
        for method in ("GET", "POST", "DELETE"):
            assert stranger.request(method, address, headers=key, json={}).status_code == 403, (method, address)


def test_a_key_for_inference_cannot_sign_a_browser_in(stranger: TestClient, workspace: Workspace) -> None:
    """A session of a browser opens everything."""
    secret = workspace.keys.make("llm").secret
    answer = stranger.post("/api/v1/sessions", json={"code": secret}, headers={"origin": OWN})
    assert (answer.status_code, answer.json()["code"]) == (403, "sessions.sign_in_refused")


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_without_a_good_key_no_model_is_told_of(stranger: TestClient, method: str) -> None:
    for authorization in ("Bearer lk_wrong", "Basic abc", ""):
        headers = {"authorization": authorization, "origin": OWN}
        for address in ("/v1/models", "/v1/chat/completions", "/v1/nothing"):
            answer = stranger.request(method, address, headers=headers, json={})
            assert (answer.status_code, answer.json()["error"]["code"]) == (401, "invalid_api_key")


def test_a_key_is_shown_once_and_lies_nowhere(program: TestClient, workspace: Workspace) -> None:
    repeated = {"idempotency-key": "one-wish"}
    answer = program.post("/api/v1/keys", json={"name": "llm", "days": 30}, headers=repeated)
    secret = answer.json()["secret"]
    assert answer.status_code == 201 and secret.startswith("lk_")
    assert answer.headers["cache-control"] == "no-store"
    assert secret not in program.get("/api/v1/keys").text
    root = workspace.settings.workspace_folder
    assert not [path for path in root.rglob("*") if path.is_file() and secret.encode() in path.read_bytes()]
    assert not list((root / "requests").iterdir())  # where answers to repeated wishes lie


def test_keys_are_listed_with_their_state_and_revoked_by_name(program: TestClient, workspace: Workspace) -> None:
    workspace.keys.make("first")
    workspace.keys.make("second", days=1)
    with pytest.raises(KeyNameTaken):
        workspace.keys.make("first")
    assert program.delete("/api/v1/keys/first").json()["state"] == "revoked"
    workspace.keys.make("first")  # the name is free again
    items = program.get("/api/v1/keys").json()["items"]
    assert [(key["name"], key["state"]) for key in items] == [
        ("first", "valid"),
        ("second", "valid"),
        ("first", "revoked"),
    ]
    assert not any("sha256" in name for name in items[0])
    with pytest.raises(KeyNotFound):
        workspace.keys.revoke("third")


@pytest.mark.parametrize("name", ["", "   ", "a\nb", "x" * 81])
def test_a_key_needs_a_name_that_can_be_shown(program: TestClient, name: str) -> None:
    assert program.post("/api/v1/keys", json={"name": name}).status_code == 422


def test_a_key_ends_at_its_day(workspace: Workspace, store: Store) -> None:
    now = workspace.clock.now()
    with store.writing() as tx:
        tx.sessions.add(
            "ab" * 32, "key", now - timedelta(days=2), now - timedelta(1), key_id="key_1", name="old", scope="inference"
        )
    assert [key.state for key in workspace.keys.list()] == ["expired"]


def test_the_key_of_the_workspace_asks_models_as_well_and_is_in_no_list(
    program: TestClient, workspace: Workspace
) -> None:
    assert program.get("/v1/models").status_code == 200
    assert workspace.keys.list() == []


@pytest.mark.slow
def test_a_revoked_key_loses_the_answer_that_streams_to_it(workspace: Workspace, endless: str) -> None:
    secret = workspace.keys.make("llm").secret
    asked = {"model": endless, "messages": [{"role": "user", "content": "a"}], "stream": True, "temperature": 0}
    with listening(workspace, key=secret) as client:
        with client.stream("POST", "/v1/chat/completions", json=asked, timeout=120) as answer:
            lines = answer.iter_lines()
            next(lines)
            workspace.keys.revoke("llm")
            assert "[DONE]" not in "\n".join(lines)
        assert client.get("/v1/models").status_code == 401


@pytest.mark.slow
def test_who_leaves_a_whole_answer_is_not_worked_for_any_longer(workspace: Workspace, endless: str) -> None:
    """Otherwise programs that give up and ask again would fill the queue."""
    asked = {"model": endless, "messages": [{"role": "user", "content": "a"}], "temperature": 1, "seed": 1}
    with listening(workspace) as client:
        client.post("/v1/chat/completions", json={**asked, "max_tokens": 1}, timeout=120)
        with pytest.raises(httpx.ReadTimeout):
            client.post("/v1/chat/completions", json=asked, timeout=0.3)
        deadline = time.monotonic() + 20
        while workspace.inference.is_busy and time.monotonic() < deadline:
            time.sleep(0.05)
        assert not workspace.inference.is_busy


def test_statuses_tell_clients_what_to_repeat(stranger: TestClient, workspace: Workspace) -> None:
    key = made(workspace)
    statuses = [stranger.get("/v1/models/nobody", headers=key).status_code for _ in range(3)]
    assert statuses == [404] * 3
    assert stranger.put("/v1/models", headers=key).status_code == 405
    wrong = stranger.post("/v1/chat/completions", headers=key, content=b"{")
    assert wrong.status_code == 415
    broken = stranger.post("/v1/chat/completions", headers={**key, "content-type": "application/json"}, content=b"{")
    assert broken.status_code == 400
    assert broken.json()["error"]["type"] == "invalid_request_error"
