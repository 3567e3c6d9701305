"""What happens, as server-sent events: read once from the store, encoded once, handed to everyone who watches."""

import asyncio
from collections.abc import AsyncGenerator, Collection
from dataclasses import dataclass, field

import orjson
from starlette.concurrency import run_in_threadpool

from luthier.domain.events import Event
from luthier.server.log import LOG
from luthier.services.runs import Runs

POLL_SECONDS = 0.04  # a look costs well under a millisecond, and there is one for all who watch
BEAT_SECONDS = 10.0  # a comment now and then, so that proxies and browsers see that the line is alive
QUEUED_MOST = 2_000  # a watcher that is further behind is let go; its browser comes back and resumes
PAGE = 500
_BEAT = b": beat\n\n"


@dataclass(frozen=True)
class Encoded:
    seq: int
    run_id: str | None
    kind: str
    frame: bytes


@dataclass(eq=False)
class _Watcher:
    run_id: str | None
    kinds: frozenset[str] | None
    queue: "asyncio.Queue[bytes | None]" = field(default_factory=lambda: asyncio.Queue(QUEUED_MOST))

    def wants(self, event: Encoded) -> bool:
        return self.run_id in (None, event.run_id) and (self.kinds is None or event.kind in self.kinds)

    def offer(self, frame: bytes) -> bool:
        """False when the watcher is too far behind to be served."""
        try:
            self.queue.put_nowait(frame)
        except asyncio.QueueFull:
            return False
        return True

    def let_go(self) -> None:
        while not self.queue.empty():
            self.queue.get_nowait()
        self.queue.put_nowait(None)


class Live:
    """One poller, however many watch; it reads only while somebody does."""

    def __init__(self, runs: Runs) -> None:
        self._runs = runs
        self._watchers: set[_Watcher] = set()
        self._seen = 0  # every event up to this number was offered to all watchers
        self._poller: asyncio.Task[None] | None = None
        self._lock = asyncio.Lock()

    async def frames(
        self, run_id: str | None, after: int | None, kinds: frozenset[str] | None = None
    ) -> AsyncGenerator[bytes, None]:
        """Every event after number `after` (None: from now on), in order and once. Ends only when it is let go."""
        watcher, live_from = await self._join(_Watcher(run_id, kinds))
        try:
            yield b"retry: 2000\n\n"
            async for event in self._replay(run_id, live_from if after is None else after, live_from):
                if watcher.wants(event):
                    yield event.frame
            while (frame := await watcher.queue.get()) is not None:
                yield frame
        finally:
            self._watchers.discard(watcher)

    async def _replay(self, run_id: str | None, after: int, until: int) -> AsyncGenerator[Encoded, None]:
        """What was missed, up to where the watcher's queue begins."""
        while after < until:
            page = await run_in_threadpool(self._runs.events_after, after, run_id, PAGE)
            for event in page:
                if event.seq <= until:
                    yield encode(event)
            if len(page) < PAGE:
                return
            after = page[-1].seq

    async def _join(self, watcher: _Watcher) -> tuple[_Watcher, int]:
        async with self._lock:
            if not self._watchers:
                self._seen = await run_in_threadpool(self._runs.latest_seq)
            self._watchers.add(watcher)
            if self._poller is None or self._poller.done():
                self._poller = asyncio.create_task(self._poll())
            return watcher, self._seen

    async def _poll(self) -> None:
        loop = asyncio.get_running_loop()
        next_beat = loop.time() + BEAT_SECONDS
        while self._watchers:
            if loop.time() >= next_beat:
                next_beat = loop.time() + BEAT_SECONDS
                self._offer(_BEAT, self._watchers)
            try:
                page = await run_in_threadpool(self._runs.events_after, self._seen, None, PAGE)
            except Exception:  # noqa: BLE001 - a rim: one failed look must not end the loop
                LOG.exception("the events could not be read; trying again")
                page = []
            for event in page:
                self._hand_out(encode(event))
            if len(page) < PAGE:
                await asyncio.sleep(POLL_SECONDS)

    def _hand_out(self, event: Encoded) -> None:
        if event.seq <= self._seen:  # the first watcher after a pause has set a later start
            return
        self._seen = event.seq
        self._offer(event.frame, [watcher for watcher in self._watchers if watcher.wants(event)])

    def _offer(self, frame: bytes, watchers: Collection[_Watcher]) -> None:
        for watcher in list(watchers):
            if not watcher.offer(frame):
                self._watchers.discard(watcher)
                watcher.let_go()


def encode(event: Event) -> Encoded:
    data = orjson.dumps(event.model_dump(mode="json"))
    return Encoded(
        event.seq, event.run_id, event.kind, b"id: %d\nevent: %s\ndata: %s\n\n" % (event.seq, event.kind.encode(), data)
    )
