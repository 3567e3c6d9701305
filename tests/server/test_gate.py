import itertools
import json
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from luthier.server.headers import CONTENT_SECURITY_POLICY
from luthier.server.log import log_to

FOREIGN_HOSTS = [
    "evil.example",
    "evil.example:8765",
    "127.0.0.1",  # without the port
    "127.0.0.1:8766",
    "127.0.0.1:8765.evil.example",
    "localhost.evil.example:8765",
    "0.0.0.0:8765",
    "[::]:8765",
    "",
    "127.0.0.1:8765, evil.example",
]
FOREIGN_ORIGINS = [
    "null",
    "http://evil.example",
    "https://127.0.0.1:8765",
    "http://127.0.0.1",
    "http://127.0.0.1:9999",
    "http://localhost:8765",  # own, but not the one that was asked
    "http://127.0.0.1:8765.evil.example",
    "file://",
]
ADDRESSES = ["/", "/sign-in", "/healthz", "/static/css/tokens.css", "/api/v1/runs", "/api/v1/events", "/no/such"]
METHODS = ["GET", "POST", "PUT", "DELETE", "OPTIONS"]


@pytest.mark.parametrize("host", FOREIGN_HOSTS)
def test_a_foreign_host_reaches_no_handler(program: TestClient, host: str) -> None:
    for method, address in itertools.product(METHODS, ADDRESSES):
        assert program.request(method, address, headers={"host": host}).status_code == 421, (method, address)


@pytest.mark.parametrize("host", ["127.0.0.1:8765", "localhost:8765", "[::1]:8765", "LOCALHOST:8765"])
def test_the_own_names_of_loopback_are_answered(program: TestClient, host: str) -> None:
    assert program.get("/api/v1/runs", headers={"host": host}).status_code == 200


@pytest.mark.parametrize("origin", FOREIGN_ORIGINS)
def test_a_foreign_origin_reaches_no_handler_even_with_a_key(program: TestClient, origin: str) -> None:
    for method, address in itertools.product(METHODS, ADDRESSES):
        answer = program.request(method, address, headers={"origin": origin})
        assert answer.status_code == 403, (method, address)


@pytest.mark.parametrize("site", ["cross-site", "same-site", "anything"])
def test_what_the_browser_says_comes_from_another_site_is_refused(program: TestClient, site: str) -> None:
    assert program.get("/api/v1/runs", headers={"sec-fetch-site": site}).status_code == 403


def test_the_sign_in_link_may_be_followed_from_elsewhere_but_nothing_else_may(stranger: TestClient) -> None:
    followed = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}
    assert stranger.get("/sign-in", headers=followed).status_code != 403
    assert stranger.get("/", headers=followed).status_code == 403
    assert stranger.get("/sign-in", headers=followed | {"sec-fetch-dest": "iframe"}).status_code == 403


def test_a_write_with_a_cookie_must_say_that_it_comes_from_an_own_page(browser: TestClient) -> None:
    del browser.headers["origin"]
    answer = browser.post("/api/v1/runs/x/stop", json={})
    assert (answer.status_code, answer.json()["code"]) == (403, "requests.origin_not_allowed")


def test_a_key_beside_a_cookie_does_not_excuse_a_missing_origin(browser: TestClient) -> None:
    del browser.headers["origin"]
    answer = browser.post("/api/v1/runs/x/stop", json={}, headers={"authorization": "Bearer anything"})
    assert answer.status_code == 403


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "application/xml", ""])
def test_the_api_takes_json_only(browser: TestClient, kind: str) -> None:
    headers = {"content-type": kind, "x-luthier": "1"}
    answer = browser.post("/api/v1/runs", content=b'{"data": "x"}', headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (415, "requests.content_type_not_accepted")


def test_an_empty_write_and_a_form_need_the_mark_that_no_other_site_can_send(browser: TestClient) -> None:
    assert browser.post("/api/v1/runs/x/stop").status_code == 415
    assert browser.post("/api/v1/runs/x/stop", headers={"x-luthier": "1"}).status_code == 404
    del browser.headers["sec-fetch-site"]
    assert browser.post("/somewhere", data={"a": "b"}).status_code == 415
    assert browser.post("/somewhere", data={"a": "b"}, headers={"x-luthier": "1"}).status_code == 404


def test_a_plain_form_of_an_own_page_is_taken_and_one_that_only_says_so_to_the_api_is_not(browser: TestClient) -> None:
    assert browser.headers["sec-fetch-site"] == "same-origin"
    assert browser.post("/somewhere", data={"a": "b"}).status_code == 404
    assert browser.post("/somewhere", data={"a": "b"}, headers={"sec-fetch-site": "none"}).status_code == 415
    assert browser.post("/somewhere", data={"a": "b"}, headers={"sec-fetch-site": "same-site"}).status_code == 403
    assert browser.post("/api/v1/runs", data={"a": "b"}).status_code == 415


def test_a_program_with_a_key_needs_no_mark(program: TestClient) -> None:
    assert program.post("/api/v1/runs/x/stop").status_code == 404


def test_every_answer_carries_the_security_headers(program: TestClient) -> None:
    answers = [program.get(address) for address in ADDRESSES if address != "/api/v1/events"]
    answers.append(program.get("/", headers={"host": "evil.example"}))
    answers.append(program.post("/api/v1/runs", json={}))
    for answer in answers:
        assert answer.headers["content-security-policy"] == CONTENT_SECURITY_POLICY
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "same-origin"
        assert answer.headers["cross-origin-opener-policy"] == "same-origin"
        assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize(("given", "is_kept"), [("abc-1.2_3", True), ("a b", False), ("x" * 65, False), ("", False)])
def test_every_answer_names_its_request(program: TestClient, given: str, is_kept: bool) -> None:
    answers = [program.get("/api/v1/runs", headers={"x-request-id": given}) for _ in range(2)]
    ids = [answer.headers["x-request-id"] for answer in answers]
    assert ids == [given] * 2 if is_kept else len(set(ids)) == 2 and all(each.startswith("req_") for each in ids)


def test_a_failure_in_the_log_names_the_request_that_was_answered(
    app: FastAPI, program: TestClient, tmp_path: Path
) -> None:
    @app.get("/healthz/broken", include_in_schema=False)
    def broken() -> None:
        raise RuntimeError("planted")

    log_to(tmp_path / "server.log")
    program.headers["x-request-id"] = "mine-1"
    assert program.get("/healthz/broken").status_code == 500
    (line,) = [json.loads(each) for each in (tmp_path / "server.log").read_text().splitlines()]
    assert line["request_id"] == "mine-1"
    assert "planted" in line["cause"]


def test_the_policy_lets_nothing_run_that_is_not_a_file_of_this_server() -> None:
    assert CONTENT_SECURITY_POLICY == (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; "
        "connect-src 'self'; manifest-src 'self'; worker-src 'self'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'; object-src 'none'"
    )


def test_api_answers_are_kept_out_of_caches(program: TestClient) -> None:
    assert program.get("/api/v1/runs").headers["cache-control"] == "no-store"


def test_a_websocket_is_closed_before_it_opens(program: TestClient) -> None:
    with pytest.raises(WebSocketDisconnect) as closed, program.websocket_connect("/api/v1/events"):
        pass
    assert closed.value.code == 1008


def test_a_program_without_a_key_is_told_so_as_openai_would(stranger: TestClient) -> None:
    answer = stranger.post("/v1/chat/completions", json={"model": "starter", "messages": []})
    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == "invalid_api_key"
