"""What a route is given: the workspace, who asks, the live events, and the shared words of its documentation."""

from typing import Annotated, Any

from fastapi import Depends, Path, Request

from luthier.domain.sessions import Session
from luthier.server.errors import PROBLEM_TYPE
from luthier.server.live import Live
from luthier.server.streaming import Streams
from luthier.workspace import Workspace


def _workspace(request: Request) -> Workspace:
    workspace = request.app.state.workspace
    assert isinstance(workspace, Workspace)
    return workspace


def _session(request: Request) -> Session:
    session = request.state.session
    assert isinstance(session, Session)
    return session


def _live(request: Request) -> Live:
    live = request.app.state.live
    assert isinstance(live, Live)
    return live


def _streams(request: Request) -> Streams:
    streams = request.app.state.streams
    assert isinstance(streams, Streams)
    return streams


OpenWorkspace = Annotated[Workspace, Depends(_workspace)]
SignedIn = Annotated[Session, Depends(_session)]
LiveEvents = Annotated[Live, Depends(_live)]
OpenStreams = Annotated[Streams, Depends(_streams)]
Reference = Annotated[str, Path(max_length=300, description="the name, the id, or a unique beginning of the id")]

_PROBLEM = {"content": {PROBLEM_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemView"}}}}
PROBLEMS: dict[int | str, dict[str, Any]] = {
    "4XX": {"description": "What is wrong with the request, or with what it speaks of.", **_PROBLEM},
    "5XX": {"description": "Something failed inside.", **_PROBLEM},
}


def event_stream_of(description: str) -> dict[int | str, dict[str, Any]]:
    return {200: {"description": description, "content": {"text/event-stream": {"schema": {"type": "string"}}}}}
