from datetime import datetime, timedelta
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from pydantic import BaseModel

from luthier.domain.chat import ChatWorkerLost
from luthier.domain.datasets import DatasetEmpty
from luthier.kit.clock import SystemClock
from luthier.server.idempotency import Answers


class Wish(BaseModel):
    what: str


@pytest.fixture
def done(app: FastAPI) -> list[str]:
    """What a route of the application has done."""
    effects: list[str] = []

    def write(wish: Wish) -> dict[str, int]:
        if wish.what == "refused":
            raise DatasetEmpty(source="x.jsonl")
        effects.append(wish.what)
        if wish.what == "loses its worker":
            raise ChatWorkerLost()
        if wish.what == "breaks":
            raise RuntimeError("after the effect")
        return {"number": len(effects)}

    app.add_api_route("/api/v1/write", write, methods=["POST"], status_code=201)
    return effects


def _send(program: TestClient, what: str, key: str = "k1") -> tuple[int, dict[str, object]]:
    answer = program.post("/api/v1/write", json={"what": what}, headers={"idempotency-key": key})
    return answer.status_code, answer.json()


def test_a_repetition_does_nothing_and_gets_the_first_answer(program: TestClient, done: list[str]) -> None:
    assert _send(program, "a") == (201, {"number": 1})
    assert _send(program, "a") == (201, {"number": 1})
    assert _send(program, "a", key="k2") == (201, {"number": 2})
    assert done == ["a", "a"]


def test_without_a_key_every_write_counts(program: TestClient, done: list[str]) -> None:
    for _ in range(2):
        program.post("/api/v1/write", json={"what": "a"})
    assert done == ["a", "a"]


def test_a_key_cannot_be_used_for_something_else(program: TestClient, done: list[str]) -> None:
    _send(program, "a")
    status, problem = _send(program, "b")
    assert (status, problem["code"]) == (422, "requests.idempotency_key_reused")
    assert done == ["a"]


def test_what_was_refused_may_be_mended_under_the_same_key(program: TestClient, done: list[str]) -> None:
    assert _send(program, "refused")[0] == 422
    assert _send(program, "a") == (201, {"number": 1})


@pytest.mark.parametrize("what", ["breaks", "loses its worker"])
def test_after_a_failure_a_repetition_is_refused_rather_than_done_twice(
    program: TestClient, done: list[str], what: str
) -> None:
    assert _send(program, what)[0] == 500
    status, problem = _send(program, what)
    assert (status, problem["code"]) == (409, "requests.unfinished")
    assert done == [what]


def test_a_key_belongs_to_the_session_that_used_it(browser: TestClient, done: list[str]) -> None:
    assert _send(browser, "a")[0] == 201
    code = browser.app.state.workspace.sessions.new_code()  # type: ignore[attr-defined]
    browser.post("/api/v1/sessions", json={"code": code})
    assert _send(browser, "a") == (201, {"number": 2})


@pytest.mark.parametrize("key", ["x" * 129, "a\tb", ""])
def test_a_malformed_key_is_refused(program: TestClient, done: list[str], key: str) -> None:
    status, problem = _send(program, "a", key)
    assert (status, problem["code"]) == (422, "requests.idempotency_key_invalid")
    assert done == []


def test_answers_survive_a_restart_and_go_after_a_week(tmp_path: Path) -> None:
    class Later(SystemClock):
        def now(self) -> datetime:
            return super().now() + timedelta(days=8)

    assert Answers(tmp_path, SystemClock()).claim("name", "print") is None
    assert [path.name for path in tmp_path.iterdir()] == ["name"]
    Answers(tmp_path, SystemClock())
    assert [path.name for path in tmp_path.iterdir()] == ["name"]
    Answers(tmp_path, Later())
    assert list(tmp_path.iterdir()) == []
