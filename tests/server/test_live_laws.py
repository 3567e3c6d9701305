"""The stream of events: whatever breaks off and whenever, every event arrives exactly once and in order."""

import asyncio
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from luthier.server.live import Live
from luthier.store import Store
from luthier.workspace import Workspace
from tests.builders import a_moment, a_run

Script = list[tuple[str, int]]

actions = st.lists(
    st.one_of(
        st.tuples(st.just("happen"), st.integers(1, 9)),
        st.tuples(st.just("read"), st.integers(1, 9)),
        st.tuples(st.just("break"), st.just(0)),
    ),
    max_size=25,
)


@pytest.fixture
def run_id(store: Store) -> str:
    run = a_run()
    with store.writing() as tx:
        tx.runs.add(run)
    return run.run_id


def number_of(frame: bytes) -> int | None:
    return int(frame.split(b"\n")[0].removeprefix(b"id: ")) if frame.startswith(b"id: ") else None


class Reader:
    """A browser: reads, breaks off at any moment, and comes back with the number of the last event it saw."""

    def __init__(self, live: Live, run_id: str, start: int) -> None:
        self._live = live
        self._run_id = run_id
        self._stream = live.frames(run_id, start)
        self.seen: list[int] = []
        self._start = start

    async def read(self, most: int) -> None:
        for _ in range(most):
            try:
                frame = await asyncio.wait_for(anext(self._stream), 0.002)
            except TimeoutError:
                await self.break_off()  # a wait that is called off ends the stream, as a lost connection does
                return
            number = number_of(frame)
            if number is not None:
                self.seen.append(number)

    async def break_off(self) -> None:
        await self._stream.aclose()
        self._stream = self._live.frames(self._run_id, self.seen[-1] if self.seen else self._start)

    async def read_until(self, last: int) -> None:
        while self.seen[-1:] != [last]:
            number = number_of(await asyncio.wait_for(anext(self._stream), 20))
            if number is not None:
                self.seen.append(number)
        await self._stream.aclose()


@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(script=actions)
def test_every_event_arrives_once_and_in_order_however_often_the_line_breaks(
    workspace: Workspace, store: Store, run_id: str, script: Script
) -> None:
    def happen(count: int) -> list[int]:
        with store.writing() as tx:
            told = [tx.events.append("run.step", run_id, "worker", {}, a_moment()) for _ in range(count)]
            tx.events.append("run.step", None, "worker", {}, a_moment())  # somebody else's
        return told

    async def scene() -> tuple[list[int], list[int]]:
        start = workspace.runs.latest_seq()
        reader = Reader(Live(workspace.runs), run_id, start)
        told: list[int] = []
        for action, count in script:
            if action == "happen":
                told += await asyncio.to_thread(happen, count)
            elif action == "read":
                await reader.read(count)
            else:
                await reader.break_off()
        told += await asyncio.to_thread(happen, 1)
        await reader.read_until(told[-1])
        return reader.seen, told

    seen, told = asyncio.run(scene())
    assert seen == told


def test_many_pages_are_served_by_one_reader_of_the_store(workspace: Workspace, store: Store, tmp_path: Path) -> None:
    async def scene() -> tuple[list[bytes], int]:
        asked = 0
        read = workspace.runs.events_after

        class Counting:
            latest_seq = staticmethod(workspace.runs.latest_seq)

            @staticmethod
            def events_after(*arguments: int) -> object:
                nonlocal asked
                asked += 1
                return read(*arguments)

        live = Live(Counting())  # type: ignore[arg-type]
        pages = [live.frames(None, None) for _ in range(500)]
        for page in pages:
            await anext(page)
        with store.writing() as tx:
            tx.events.append("run.step", None, "worker", {"step": 1}, a_moment())
        frames = [await asyncio.wait_for(anext(page), 20) for page in pages]
        for page in pages:
            await page.aclose()
        return frames, asked

    frames, asked = asyncio.run(scene())
    assert len(set(frames)) == 1 and len(frames) == 500
    assert asked < 50


def test_one_can_ask_for_some_kinds_only(workspace: Workspace, store: Store) -> None:
    async def scene() -> list[bytes]:
        stream = Live(workspace.runs).frames(None, 0, frozenset({"run.notice"}))
        with store.writing() as tx:
            for kind in ("run.step", "run.notice", "run.step"):
                tx.events.append(kind, None, "worker", {}, a_moment())
        await anext(stream)
        first = await asyncio.wait_for(anext(stream), 20)
        with store.writing() as tx:
            for kind in ("run.step", "run.notice"):
                tx.events.append(kind, None, "worker", {}, a_moment())
        second = await asyncio.wait_for(anext(stream), 20)
        await stream.aclose()
        return [first, second]

    assert [frame.split(b"\n")[1] for frame in asyncio.run(scene())] == [b"event: run.notice"] * 2
