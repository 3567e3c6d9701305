import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from fastapi.testclient import TestClient
from starlette.types import Message

from luthier.domain.requests import BodyTooLarge, BodyTooSlow, TooManyRequests
from luthier.server.limits import READ, SIGN_IN, UPLOAD, WRITE, Limits, Rates, limits_of, metered


class HandClock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.seconds, UTC)

    def monotonic(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds


def _taken(rates: Rates, limits: Limits, visitor: str = "one") -> int:
    for count in range(10_000):
        try:
            rates.take(visitor, limits)
        except TooManyRequests:
            return count
    raise AssertionError("there is no limit")


def test_a_visitor_may_send_a_burst_then_as_fast_as_the_bucket_refills() -> None:
    clock = HandClock()
    rates = Rates(clock)
    assert _taken(rates, SIGN_IN) == 10
    clock.sleep(6.0)
    assert _taken(rates, SIGN_IN) == 1
    clock.sleep(3600)
    assert _taken(rates, SIGN_IN) == 10


def test_visitors_and_classes_of_addresses_have_buckets_of_their_own() -> None:
    alone = _taken(Rates(HandClock()), WRITE)
    rates = Rates(HandClock())
    assert _taken(rates, SIGN_IN, "one") == _taken(rates, SIGN_IN, "two") == 10
    assert _taken(rates, WRITE, "one") == alone


def test_a_refusal_says_how_long_to_wait(program: TestClient) -> None:
    answers = [program.post("/api/v1/sessions", json={"code": "x"}) for _ in range(int(SIGN_IN.burst) + 1)]
    assert answers[-1].status_code == 429
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 7


@pytest.mark.parametrize(
    ("method", "path", "limits"),
    [
        ("GET", "/api/v1/runs", READ),
        ("POST", "/api/v1/sessions", SIGN_IN),
        ("POST", "/api/v1/runs", WRITE),
        ("POST", "/api/v1/datasets/upload", UPLOAD),
        ("DELETE", "/anything", WRITE),
    ],
)
def test_every_address_has_a_class(method: str, path: str, limits: Limits) -> None:
    assert limits_of(method, path) is limits


def test_a_body_at_the_limit_is_read_and_one_byte_more_is_refused(program: TestClient) -> None:
    def send(size: int) -> int:
        body = b'{"data": "' + b"x" * (size - 12) + b'"}'
        assert len(body) == size
        return program.post("/api/v1/plans", content=body, headers={"content-type": "application/json"}).status_code

    assert send(WRITE.body_bytes) != 413
    assert send(WRITE.body_bytes + 1) == 413


def test_a_body_that_hides_its_size_is_stopped_at_the_limit(program: TestClient) -> None:
    def chunks() -> Iterator[bytes]:
        for _ in range(20):
            yield b"[" + b" " * 100_000

    headers = {"content-type": "application/json"}
    answer = program.post("/api/v1/plans", content=chunks(), headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (413, "requests.body_too_large")


@pytest.mark.parametrize("length", ["-1", "1e9", "+5", "0x10", "99999999999999999999", "\u00b3"])
def test_a_senseless_length_is_refused(program: TestClient, length: str) -> None:
    headers = {b"content-type": b"application/json", b"content-length": length.encode("latin-1")}
    assert program.post("/api/v1/plans", content=b"{}", headers=headers).status_code == 413


def test_a_body_that_stops_coming_is_given_up() -> None:
    async def silent() -> Message:
        await asyncio.sleep(60)
        raise AssertionError

    with pytest.raises(BodyTooSlow):
        asyncio.run(metered(silent, WRITE, silence_seconds=0.05)())


def test_waiting_for_the_client_to_leave_is_not_a_slow_body() -> None:
    messages: list[Message] = [{"type": "http.request", "body": b"x", "more_body": False}]

    async def receive() -> Message:
        if messages:
            return messages.pop()
        await asyncio.sleep(0.2)
        return {"type": "http.disconnect"}

    async def scene() -> Message:
        read = metered(receive, WRITE, silence_seconds=0.05)
        await read()
        return await read()

    assert asyncio.run(scene())["type"] == "http.disconnect"


def test_a_read_brings_no_body() -> None:
    async def receive() -> Message:
        return {"type": "http.request", "body": b"x", "more_body": False}

    with pytest.raises(BodyTooLarge):
        asyncio.run(metered(receive, READ)())
