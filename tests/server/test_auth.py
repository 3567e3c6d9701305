import re
import stat
from datetime import timedelta

import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from fastapi.testclient import TestClient

from luthier.domain.sessions import Session
from luthier.server.auth import OPEN_PREFIX, OPEN_TO_ALL
from luthier.store import Store
from luthier.workspace import Workspace
from tests.server.conftest import OWN, key_of


def test_no_route_answers_without_sign_in_but_the_stated_list(app: FastAPI) -> None:
    assert {("GET", "/sign-in"), ("POST", "/api/v1/sessions"), ("GET", "/healthz")} == OPEN_TO_ALL
    walked = 0
    for route in iter_route_contexts(app.routes):
        address = re.sub(r"\{[^}]+\}", "x", route.path or "")
        for method in (route.methods or set()) - {"HEAD"}:
            if (method, address) in OPEN_TO_ALL or address.startswith(OPEN_PREFIX):
                continue
            visitor = TestClient(
                app, OWN, follow_redirects=False, client=(f"visitor-{walked}", 1)
            )  # not too many of one
            answer = visitor.request(method, address, headers={"origin": OWN}, json={})
            to_sign_in = answer.status_code == 303 and answer.headers["location"].startswith("/sign-in")
            assert answer.status_code == 401 or to_sign_in, (method, address, answer.status_code)
            walked += 1
    assert walked >= 25


@pytest.mark.parametrize("address", ["/api/v1/nothing", "/api/v1/../../etc/passwd", "/staticx", "/API/v1/runs", "//"])
def test_addresses_without_a_route_do_not_tell_a_stranger_so(stranger: TestClient, address: str) -> None:
    assert stranger.get(address).status_code in (401, 303)


def test_a_stranger_on_a_page_is_sent_to_sign_in_and_back(stranger: TestClient) -> None:
    answer = stranger.get("/runs?state=running")
    assert answer.headers["location"] == "/sign-in?next=%2Fruns%3Fstate%3Drunning"
    assert stranger.get("/").headers["location"] == "/sign-in"


def test_a_part_of_a_page_sends_the_whole_page_to_sign_in(stranger: TestClient) -> None:
    answer = stranger.get("/runs", headers={"hx-request": "true"})
    assert (answer.status_code, answer.headers["hx-redirect"]) == (401, "/sign-in")


def test_a_code_signs_in_once(stranger: TestClient, workspace: Workspace) -> None:
    stranger.headers["origin"] = OWN
    code = workspace.sessions.new_code()
    first = stranger.post("/api/v1/sessions", json={"code": code})
    assert first.status_code == 201
    assert stranger.get("/api/v1/sessions/current").json()["kind"] == "browser"
    stranger.cookies.clear()
    second = stranger.post("/api/v1/sessions", json={"code": code})
    assert (second.status_code, second.json()["code"]) == (403, "sessions.sign_in_refused")


def test_the_cookie_is_out_of_reach_of_scripts_and_of_other_sites(stranger: TestClient, workspace: Workspace) -> None:
    code = workspace.sessions.new_code()
    answer = stranger.post("/api/v1/sessions", json={"code": code}, headers={"origin": OWN})
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("luthier-8765=")
    assert {"HttpOnly", "SameSite=strict", "Path=/"} <= {part.strip() for part in cookie.split(";")}
    assert code not in cookie


def test_guessing_codes_is_slowed_down(stranger: TestClient) -> None:
    stranger.headers["origin"] = OWN
    statuses = [stranger.post("/api/v1/sessions", json={"code": f"guess-{n}"}).status_code for n in range(14)]
    assert statuses.count(403) == 10 and statuses[-1] == 429


def test_signing_out_ends_the_session_for_good(browser: TestClient) -> None:
    token = browser.cookies["luthier-8765"]
    assert browser.delete("/api/v1/sessions/current", headers={"x-luthier": "1"}).status_code == 204
    browser.cookies.set("luthier-8765", token)
    assert browser.get("/api/v1/sessions/current").status_code == 401


def test_the_key_file_is_this_users_only_and_stays_the_same(workspace: Workspace) -> None:
    path = workspace.sessions.api_key_file()
    first = path.read_text()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.chmod(0o644)
    assert workspace.sessions.api_key_file().read_text() == first
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_revoked_key_is_replaced_by_a_new_one(workspace: Workspace) -> None:
    old = key_of(workspace)
    session = workspace.sessions.resolve(old)
    assert session is not None
    workspace.sessions.revoke(session)
    assert key_of(workspace) != old
    assert workspace.sessions.resolve(old) is None


def test_a_wrong_key_is_refused_even_beside_a_good_cookie(browser: TestClient) -> None:
    assert browser.get("/api/v1/runs").status_code == 200
    refused = browser.get("/api/v1/runs", headers={"authorization": "Bearer wrong"})
    assert (refused.status_code, refused.json()["code"]) == (401, "sessions.key_not_known")


@pytest.mark.parametrize("header", ["Bearer", "Bearer ", "Basic abc", "bearer \x7f", "Bearer " + "x" * 5000])
def test_a_malformed_authorization_is_a_plain_401(stranger: TestClient, header: str) -> None:
    assert stranger.get("/api/v1/runs", headers={"authorization": header}).status_code == 401


def test_a_browser_session_ends_by_itself_and_when_unused(workspace: Workspace, store: Store) -> None:
    def browser_session(token: str, made: timedelta, ends: timedelta) -> Session:
        now = workspace.clock.now()
        with store.writing() as tx:
            tx.sessions.add(token, "browser", now - made, now + ends)
            session = tx.sessions.get(token)
        assert session is not None
        return session

    fresh = browser_session("a" * 64, timedelta(hours=1), timedelta(days=13))
    unused = browser_session("b" * 64, timedelta(days=4), timedelta(days=10))
    over = browser_session("c" * 64, timedelta(days=1), timedelta(seconds=-1))
    counting = [workspace.sessions.still_counts(session) for session in (fresh, unused, over)]
    assert counting == [True, False, False]


def test_the_store_holds_no_token(workspace: Workspace, browser: TestClient) -> None:
    content = workspace.folders.database.read_bytes()
    for secret in (browser.cookies["luthier-8765"], key_of(workspace)):
        assert secret.encode() not in content
