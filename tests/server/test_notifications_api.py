"""Notices over HTTP: secrets go in and never come out, and a test says the truth."""

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

from luthier.store import Store
from luthier.workspace import Workspace
from tests.builders import a_run
from tests.builders.moments import a_moment

AT = "/api/v1/notifications"
MAIL: dict[str, Any] = {
    "name": "me",
    "kind": "email",
    "host": "smtp.example.org",
    "sender": "luthier@example.org",
    "to": ["maker@example.org"],
    "username": "maker",
    "password": "spruce-and-maple",
}


def add(program: TestClient, **channel: Any) -> dict[str, Any]:
    answer = program.post(f"{AT}/channels", json=channel)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_a_webhook_shows_its_secret_once_and_of_its_address_the_origin(program: TestClient) -> None:
    added = add(program, name="team", kind="webhook", url="https://hooks.example.org/T0/B0/path-secret")
    assert len(added["secret"]) > 30
    listed = program.get(AT).text
    assert added["secret"] not in listed and "path-secret" not in listed
    assert program.get(AT).json()["channels"][0]["target"] == "https://hooks.example.org"


def test_a_mail_password_is_in_no_answer_and_in_no_file_that_others_can_read(
    program: TestClient, workspace: Workspace
) -> None:
    answer = program.post(f"{AT}/channels", json=MAIL)
    assert answer.status_code == 201
    assert "spruce-and-maple" not in answer.text + program.get(AT).text
    holding = [
        path
        for path in workspace.folders.root.rglob("*")
        if path.is_file() and b"spruce-and-maple" in path.read_bytes()
    ]
    assert holding == [workspace.folders.secrets / "notifications.json"]
    assert holding[0].stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"name": "-"}, 422, "notifications.channel_invalid"),
        ({"host": "https://smtp.example.org/"}, 422, "notifications.channel_invalid"),
        ({"to": ["nobody"]}, 422, "notifications.channel_invalid"),
        ({"to": ["a@example.org\nBcc: b@example.org"]}, 422, "notifications.channel_invalid"),
        ({"security": "none"}, 422, "notifications.channel_invalid"),
        ({"port": 99999}, 422, "notifications.channel_invalid"),
        ({"kind": "pigeon"}, 422, "requests.invalid"),
    ],
)
def test_a_channel_that_cannot_work_is_refused_with_the_place(
    program: TestClient, changes: dict[str, Any], status: int, code: str
) -> None:
    answer = program.post(f"{AT}/channels", json={**MAIL, **changes})
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert "spruce" not in answer.text


def test_a_name_is_given_once(program: TestClient) -> None:
    add(program, name="here", kind="desktop")
    answer = program.post(f"{AT}/channels", json={"name": "here", "kind": "desktop"})
    assert answer.json()["code"] == "notifications.name_taken"


def test_a_removed_channel_is_gone_with_its_secret(program: TestClient, workspace: Workspace) -> None:
    added = add(program, **MAIL)
    assert program.delete(f"{AT}/channels/{added['channel_id']}").status_code == 204
    assert program.delete(f"{AT}/channels/me").json()["code"] == "notifications.channel_not_found"
    assert "spruce" not in (workspace.folders.secrets / "notifications.json").read_text()


def test_a_test_that_may_not_be_sent_says_why(program: TestClient) -> None:
    add(program, name="inside", kind="webhook", url="http://169.254.169.254/latest")
    answer = program.post(f"{AT}/channels/inside/test", json={})
    assert (answer.status_code, answer.json()["code"]) == (403, "notifications.target_refused")


def test_quiet_hours_are_kept_and_ended(program: TestClient) -> None:
    hours = {"begin": "22:00", "end": "07:30"}
    assert program.put(f"{AT}/quiet-hours", json=hours).json()["quiet_hours"] == hours
    none = {"begin": None, "end": None}
    assert program.put(f"{AT}/quiet-hours", json=none).json()["quiet_hours"] == none
    refused = program.put(f"{AT}/quiet-hours", json={"begin": "25:00", "end": "07:30"})
    assert refused.json()["code"] == "notifications.quiet_hours_invalid"


@pytest.fixture
def told(workspace: Workspace, store: Store) -> Iterator[None]:
    run = a_run(name="orders", total_steps=60)
    with store.writing() as tx:
        tx.runs.add(run)
        body = {"step": 60, "total_steps": 60, "loss": 0.5}
        tx.events.append("run.step", run.run_id, "worker", body, a_moment())
    with workspace.notifying():
        pass
    yield


def test_the_history_pages_from_the_newest_on(program: TestClient, told: None) -> None:
    first = program.get(f"{AT}/history?limit=3").json()
    rest = program.get(f"{AT}/history?limit=3&cursor={first['next']}").json()
    titles = [record["notice"]["title"] for record in first["items"] + rest["items"]]
    assert titles == [f"orders: {percent} %" for percent in (100, 75, 50, 25)]
    assert rest["next"] is None
