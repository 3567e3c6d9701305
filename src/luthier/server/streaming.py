"""Answers that are sent while they are made: each ends when its client is gone, or its sign-in or the server ends."""

import asyncio
import threading
from collections.abc import AsyncGenerator, Generator, Iterator
from contextlib import aclosing, contextmanager
from typing import Any, TypeVar

import anyio
import orjson
from anyio.to_thread import run_sync
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from luthier.domain.requests import TooManyStreams
from luthier.domain.sessions import Session
from luthier.services.sessions import Sessions

EVENT_STREAM = "text/event-stream"
SESSION_CHECK_SECONDS = 2.0
MOST_PER_SESSION = 24
_MOST_BLOCKING = 64  # threads that wait for the next piece of something; the rest of the server has its own
_END = object()

Frames = AsyncGenerator[bytes, None]
T = TypeVar("T")


class Streams:
    """All streams that are open, so that they can be counted, checked and ended."""

    def __init__(self, sessions: Sessions, most_per_session: int = MOST_PER_SESSION) -> None:
        self._sessions = sessions
        self._most = most_per_session
        self._open: dict[str, int] = {}
        self._checked: dict[str, asyncio.Task[bool]] = {}  # one look at a session for all of its streams
        self._closing = asyncio.Event()
        self._blocking = anyio.CapacityLimiter(_MOST_BLOCKING)

    def send(self, session: Session, frames: Frames) -> "EventStream":
        return EventStream(self, session, frames)

    async def draw(self, source: Generator[T, None, None]) -> AsyncGenerator[T, None]:
        """What a blocking generator yields; it is closed, and so ends its work, however the drawing ends."""
        drawn = _Drawn(source)
        try:
            while (item := await run_sync(drawn.next, abandon_on_cancel=True, limiter=self._blocking)) is not _END:
                yield item
        finally:
            # A generator cannot be closed while it waits for its next piece, and this must not wait for that.
            threading.Thread(target=drawn.close, name="end of a stream", daemon=True).start()

    def close(self) -> None:
        self._closing.set()

    @contextmanager
    def slot(self, session: Session) -> Iterator[None]:
        """Raises TooManyStreams."""
        owner = session.token_sha256
        count = self._open.get(owner, 0)
        if count >= self._most:
            raise TooManyStreams(streams=count)
        self._open[owner] = count + 1
        try:
            yield
        finally:
            self._open[owner] -= 1
            if not self._open[owner]:
                del self._open[owner]

    async def until_not_allowed(self, session: Session) -> None:
        """Returns when the server ends or the session no longer counts."""
        while not self._closing.is_set():
            try:
                await asyncio.wait_for(self._closing.wait(), SESSION_CHECK_SECONDS)
            except TimeoutError:
                if not await self._still_counts(session):
                    return

    async def _still_counts(self, session: Session) -> bool:
        owner = session.token_sha256
        if owner not in self._checked:
            self._checked[owner] = asyncio.create_task(run_in_threadpool(self._sessions.still_counts, session))
            self._checked[owner].add_done_callback(lambda _: self._checked.pop(owner, None))
        return await asyncio.shield(self._checked[owner])


class _Drawn:
    """A generator that one thread may close while another draws from it."""

    def __init__(self, source: Generator[Any, None, None]) -> None:
        self._source = source
        self._lock = threading.Lock()

    def next(self) -> Any:
        with self._lock:
            return next(self._source, _END)

    def close(self) -> None:
        with self._lock:
            self._source.close()


class EventStream(Response):
    """Answers when the first frame is there: what happens after the client has the headers is in the stream."""

    media_type = EVENT_STREAM

    def __init__(self, streams: Streams, session: Session, frames: Frames) -> None:
        super().__init__(headers={"cache-control": "no-store", "x-accel-buffering": "no"})
        del self.headers["content-length"]
        self._streams = streams
        self._session = session
        self._frames = frames
        self._begun = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._streams.slot(self._session):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self._end, tasks.cancel_scope, _until_gone, receive)
                tasks.start_soon(self._end, tasks.cancel_scope, self._streams.until_not_allowed, self._session)
                await self._send_frames(send)
                tasks.cancel_scope.cancel()
            await self._begin(send)
            await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _send_frames(self, send: Send) -> None:
        async with aclosing(self._frames) as frames:
            async for frame in frames:
                await self._begin(send)
                await send({"type": "http.response.body", "body": frame, "more_body": True})

    async def _begin(self, send: Send) -> None:
        if not self._begun:
            self._begun = True
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})

    @staticmethod
    async def _end(scope: anyio.CancelScope, wait: Any, argument: Any) -> None:
        await wait(argument)
        scope.cancel()


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def frame_of(event: str, value: BaseModel) -> bytes:
    return b"event: %s\ndata: %s\n\n" % (event.encode(), orjson.dumps(value.model_dump(mode="json")))
