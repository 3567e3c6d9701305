import threading
import time
from collections.abc import Generator, Iterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from luthier.domain.chat import ChatPiece
from luthier.server.api.access import OpenStreams, SignedIn
from luthier.server.streaming import EventStream, frame_of
from luthier.workspace import Workspace
from tests.server.conftest import key_of, listening


class Source:
    """Something that works piece by piece and blocks in between, as a model that answers does."""

    def __init__(self) -> None:
        self.closed = threading.Event()
        self.go_on = threading.Event()

    def pieces(self) -> Generator[ChatPiece, None, None]:
        try:
            yield ChatPiece(text="one")
            while True:
                self.go_on.wait(30)
                self.go_on.clear()
                yield ChatPiece(text="more")
        finally:
            self.closed.set()


@pytest.fixture
def source() -> Source:
    return Source()


@pytest.fixture
def client(workspace: Workspace, source: Source) -> Iterator[httpx.Client]:
    def add_route(app: FastAPI) -> None:
        def drawing(streams: OpenStreams, session: SignedIn) -> EventStream:
            async def frames() -> Any:
                async for piece in streams.draw(source.pieces()):
                    yield frame_of("piece", piece)

            return streams.send(session, frames())

        app.add_api_route("/api/v1/drawing", drawing, status_code=200, response_class=EventStream)

    with listening(workspace, prepare=add_route) as opened:
        yield opened
        source.go_on.set()


def test_pieces_arrive_while_the_work_goes_on(client: httpx.Client, source: Source) -> None:
    with client.stream("GET", "/api/v1/drawing") as answer:
        lines = answer.iter_lines()
        assert [next(lines), next(lines)][0] == "event: piece"
        assert not source.closed.is_set()
        source.go_on.set()
        assert next(line for line in lines if "more" in line)


def test_leaving_ends_the_work(client: httpx.Client, source: Source) -> None:
    with client.stream("GET", "/api/v1/drawing") as answer:
        next(answer.iter_lines())
    source.go_on.set()
    assert source.closed.wait(5)


def test_signing_out_ends_a_stream_whose_work_is_stuck(
    client: httpx.Client, source: Source, workspace: Workspace
) -> None:
    session = workspace.sessions.resolve(key_of(workspace))
    assert session is not None
    with client.stream("GET", "/api/v1/drawing") as answer:
        lines = answer.iter_lines()
        next(lines)
        workspace.sessions.revoke(session)
        began = time.monotonic()
        list(lines)
        assert time.monotonic() - began < 5
    assert not source.closed.is_set()
    source.go_on.set()
    assert source.closed.wait(5)
