import asyncio
import json
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from fastapi.testclient import TestClient

from luthier.server.live import PAGE, QUEUED_MOST, Live
from luthier.server.streaming import MOST_PER_SESSION
from luthier.store import Store
from luthier.workspace import Workspace
from tests.builders import a_moment, a_run
from tests.server.conftest import key_of, listening


def _happen(store: Store, count: int, run_id: str | None = None) -> list[int]:
    with store.writing() as tx:
        bodies = ({"step": step} for step in range(count))
        return [tx.events.append("run.step", run_id, "worker", body, a_moment()) for body in bodies]


def _events(answer: httpx.Response) -> Iterator[dict[str, Any]]:
    fields: dict[str, str] = {}
    for line in answer.iter_lines():
        if line.startswith(":"):
            continue
        if line:
            name, _, value = line.partition(": ")
            fields[name] = value
        elif "data" in fields:
            yield {"id": int(fields["id"]), "event": fields["event"], **json.loads(fields["data"])}
            fields = {}


def _take(found: Iterator[dict[str, Any]], count: int) -> list[dict[str, Any]]:
    return [next(found) for _ in range(count)]


def test_events_arrive_as_they_happen_with_their_number_and_kind(workspace: Workspace, store: Store) -> None:
    with listening(workspace) as client, client.stream("GET", "/api/v1/events") as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        (seq,) = _happen(store, 1)
        (event,) = _take(_events(answer), 1)
    assert (event["id"], event["event"], event["body"]) == (seq, "run.step", {"step": 0})


def test_a_watcher_that_was_away_gets_everything_it_missed_once_and_in_order(
    workspace: Workspace, store: Store
) -> None:
    before = _happen(store, 700)  # more than one page
    resume = {"last-event-id": str(before[99])}
    with listening(workspace) as client, client.stream("GET", "/api/v1/events?after=0", headers=resume) as answer:
        found = _events(answer)
        missed = _take(found, 600)
        after = _happen(store, 3)
        live = _take(found, 3)
    assert [event["id"] for event in missed + live] == before[100:] + after


def test_events_that_happen_while_one_catches_up_are_neither_lost_nor_doubled(
    workspace: Workspace, store: Store
) -> None:
    before = _happen(store, PAGE + 100)

    async def scene() -> tuple[list[bytes], list[int]]:
        frames = Live(workspace.runs).frames(None, 0)
        await anext(frames)
        seen = [await anext(frames) for _ in range(PAGE)]
        after = await asyncio.to_thread(_happen, store, 300)  # the next page that is read holds some of them too
        while not seen[-1].startswith(b"id: %d\n" % after[-1]):
            seen.append(await asyncio.wait_for(anext(frames), 20))
        after += await asyncio.to_thread(_happen, store, 1)  # what was doubled would come before it
        while not seen[-1].startswith(b"id: %d\n" % after[-1]):
            seen.append(await asyncio.wait_for(anext(frames), 20))
        return seen, after

    seen, after = asyncio.run(scene())
    numbers = [int(frame.split(b"\n")[0].removeprefix(b"id: ")) for frame in seen]
    assert numbers == before + after


def test_one_can_watch_a_single_run(workspace: Workspace, store: Store) -> None:
    mine, other = a_run(name="mine"), a_run(name="other")
    with store.writing() as tx:
        tx.runs.add(mine)
        tx.runs.add(other)
    with listening(workspace) as client, client.stream("GET", "/api/v1/events?run=mine") as answer:
        _happen(store, 2, other.run_id)
        _happen(store, 1, mine.run_id)
        (event,) = _take(_events(answer), 1)
    assert event["run_id"] == mine.run_id


def test_watching_a_run_that_does_not_exist_is_a_problem_not_a_stream(program: TestClient) -> None:
    answer = program.get("/api/v1/events?run=nothing")
    assert (answer.status_code, answer.json()["code"]) == (404, "runs.not_found")


def test_a_revoked_key_loses_its_streams_within_five_seconds(workspace: Workspace) -> None:
    key = key_of(workspace)
    session = workspace.sessions.resolve(key)
    assert session is not None
    with listening(workspace, key) as client, client.stream("GET", "/api/v1/events") as answer:
        lines = answer.iter_lines()
        assert next(lines).startswith("retry")
        workspace.sessions.revoke(session)
        began = time.monotonic()
        assert list(lines) == [""]  # returns only when the server ends the stream
        assert time.monotonic() - began < 5


def test_one_sign_in_cannot_hold_more_than_its_share_of_streams(workspace: Workspace) -> None:
    limits = httpx.Limits(max_connections=100)
    with listening(workspace) as one, httpx.Client(base_url=one.base_url, headers=one.headers, limits=limits) as client:
        opened = [
            client.send(client.build_request("GET", "/api/v1/events"), stream=True) for _ in range(MOST_PER_SESSION)
        ]
        assert all(answer.status_code == 200 for answer in opened)
        refused = client.get("/api/v1/events")
        assert (refused.status_code, refused.json()["code"]) == (429, "requests.too_many_streams")
        opened.pop().close()
        deadline = time.monotonic() + 5
        while (again := client.send(client.build_request("GET", "/api/v1/events"), stream=True)).status_code != 200:
            assert time.monotonic() < deadline
        for answer in [*opened, again]:
            answer.close()


@pytest.mark.parametrize("query", ["after=-1", "after=x", "after=99999999999999999999"])
def test_a_senseless_place_to_start_from_is_refused(program: TestClient, query: str) -> None:
    assert program.get(f"/api/v1/events?{query}").status_code == 422


def test_a_watcher_that_does_not_keep_up_is_let_go_and_holds_nobody_up(workspace: Workspace, store: Store) -> None:
    async def scene() -> tuple[int, int]:
        live = Live(workspace.runs)
        slow, quick = live.frames(None, None), live.frames(None, None)
        await anext(slow)
        await anext(quick)
        received = 0
        while received <= QUEUED_MOST:
            await asyncio.to_thread(_happen, store, PAGE)
            for _ in range(PAGE):
                await asyncio.wait_for(anext(quick), 20)
                received += 1
        left = [frame async for frame in slow]
        await quick.aclose()
        return received, len(left)

    received, left = asyncio.run(scene())
    assert received > QUEUED_MOST
    assert left == 0
