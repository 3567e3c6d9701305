import errno
import socket
from string import Formatter

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from starlette.exceptions import HTTPException

from luthier.domain import (  # noqa: F401 - loaded so that their errors stand in the tree
    chat,
    datasets,
    models,
    plans,
    recipes,
    requests,
    run_states,
    runs,
    serving,
    sessions,
    versions,
    workspace_errors,
)
from luthier.domain.errors import DiskFull, LuthierError, WorkFailed, concrete_errors
from luthier.server.errors import PROBLEM_TYPE, view_of
from luthier.workspace import Workspace
from tests.server.conftest import listening


def _raised(kind: type[LuthierError]) -> LuthierError:
    """The error with every field of its words filled."""
    error = kind.__new__(kind)
    words = [kind.sentence, *(action.command or "" for action in kind.actions), *(a.label for a in kind.actions)]
    names = {name for text in words for _, name, _, _ in Formatter().parse(text) if name}
    LuthierError.__init__(error, **{name: name for name in names})
    return error


OF_THE_DOMAIN = [kind for kind in concrete_errors() if kind.__module__.startswith("luthier.domain")]


@pytest.mark.parametrize("kind", OF_THE_DOMAIN, ids=lambda kind: kind.code)
def test_every_error_has_a_status_and_5xx_is_kept_for_failures_inside(kind: type[LuthierError]) -> None:
    view = view_of(_raised(kind))
    assert 400 <= view.status < 600
    assert (view.status >= 500) == issubclass(kind, WorkFailed)
    assert view.detail and view.help == f"/help/errors/{view.code}"


def test_an_error_is_a_problem_with_sentence_and_actions(program: TestClient) -> None:
    answer = program.get("/api/v1/runs/nothing")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == PROBLEM_TYPE
    assert answer.json() == {
        "type": "urn:luthier:problem:runs.not_found",
        "title": "Not found",
        "status": 404,
        "code": "runs.not_found",
        "detail": "No run is called nothing.",
        "actions": [{"label": "See all runs", "command": "luthier runs list", "address": None}],
        "help": "/help/errors/runs.not_found",
    }


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({}, "data"),
        ({"data": 7}, "data"),
        ({"data": "x", "adapter": {"rank": 0}}, "adapter.rank"),
        ({"data": "x", "settings": {"epochs": -1}}, "settings.epochs"),
        ({"data": "x", "settings": {"no_such": 1}}, "settings.no_such"),
        ({"data": "x", "method": "magic"}, "method"),
    ],
)
def test_an_invalid_recipe_says_where(program: TestClient, body: dict[str, object], where: str) -> None:
    answer = program.post("/api/v1/runs", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "requests.invalid")
    assert f"not valid at {where}:" in answer.json()["detail"], answer.json()
    assert "\n" not in answer.json()["detail"]


@pytest.mark.parametrize("body", [b"{", b"\xff\xfe", b"[1, 2", b"null", b'"text"', b"[" * 100_000])
def test_a_body_that_is_no_json_is_a_located_problem(program: TestClient, body: bytes) -> None:
    answer = program.post("/api/v1/runs", content=body, headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (422, "requests.invalid")


def test_an_unknown_address_and_a_wrong_method_are_problems_too(program: TestClient) -> None:
    missing = program.get("/api/v1/nothing")
    assert (missing.status_code, missing.json()["code"]) == (404, "requests.no_such_address")
    wrong = program.put("/api/v1/runs", json={})
    assert (wrong.status_code, wrong.json()["code"]) == (405, "requests.method_not_served")
    assert "GET" in wrong.headers["allow"]


def test_an_unknown_page_is_a_page(browser: TestClient) -> None:
    answer = browser.get("/nothing-here")
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("text/html")
    assert "There is nothing at /nothing-here." in answer.text


def test_a_disk_that_is_full_while_a_body_is_read_is_said_to_be_full(app: FastAPI, program: TestClient) -> None:
    def spool() -> None:
        raise HTTPException(400) from OSError(errno.ENOSPC, "No space left on device")

    app.add_api_route("/api/v1/spool", spool)
    answer = program.get("/api/v1/spool")
    assert (answer.status_code, answer.json()["code"]) == (409, "disk.full")


def test_a_defect_shows_no_trace_and_is_written_down(
    app: FastAPI, program: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    def broken() -> None:
        raise ZeroDivisionError("secret inner words /home/somebody")

    app.add_api_route("/api/v1/broken", broken)
    answer = program.get("/api/v1/broken")
    assert (answer.status_code, answer.json()["code"]) == (500, "internal.unexpected")
    assert "secret inner words" not in answer.text and "Traceback" not in answer.text
    incident = answer.json()["detail"].split("incident_")[1][:26]
    assert f"incident_{incident}" in caplog.text and "secret inner words" in caplog.text


def test_a_form_whose_sender_leaves_in_the_middle_is_no_failure(
    workspace: Workspace, caplog: pytest.LogCaptureFixture
) -> None:
    with listening(workspace) as client, socket.create_connection((client.base_url.host, client.base_url.port)) as line:
        head = [
            "POST /datasets/import/check HTTP/1.1",
            f"Host: {client.base_url.host}:{client.base_url.port}",
            f"Authorization: {client.headers['authorization']}",
            "Content-Type: application/x-www-form-urlencoded",
            "Content-Length: 1000",
        ]
        line.sendall("\r\n".join([*head, "", "path=half"]).encode())
    assert "incident" not in caplog.text


def test_an_error_that_a_route_raises_on_a_page_is_a_page_with_its_actions(app: FastAPI, browser: TestClient) -> None:
    def full() -> None:
        raise DiskFull(path="<script>alert(1)</script>", needed="2 GB", free="1 MB")

    app.add_api_route("/full", full)
    answer = browser.get("/full")
    assert answer.status_code == 409
    assert "<script>alert" not in answer.text
    assert "luthier --workspace /another/disk" in answer.text
