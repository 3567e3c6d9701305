"""What happens, live: server-sent events that can be taken up again where they broke off."""

from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query
from fastapi.concurrency import run_in_threadpool
from pydantic.json_schema import SkipJsonSchema

from luthier.server.api.access import PROBLEMS, LiveEvents, OpenStreams, OpenWorkspace, SignedIn, event_stream_of
from luthier.server.streaming import EventStream

router = APIRouter(prefix="/events", tags=["events"], responses=PROBLEMS)

_STREAM = event_stream_of("`id` is the event's number, `event` its kind, `data` the event as JSON.")


def _after(
    after: Annotated[
        int | SkipJsonSchema[None], Query(ge=0, lt=2**63, description="all that came after this number; else from now")
    ] = None,
    last_event_id: Annotated[
        int | SkipJsonSchema[None], Header(ge=0, lt=2**63, description="wins over `after`")
    ] = None,
) -> int | None:
    return after if last_event_id is None else last_event_id


@router.get("", status_code=200, response_class=EventStream, responses=_STREAM)
async def watch_events(
    workspace: OpenWorkspace,
    live: LiveEvents,
    streams: OpenStreams,
    session: SignedIn,
    after: Annotated[int | None, Depends(_after)],
    run: Annotated[str | SkipJsonSchema[None], Query(max_length=300, description="only those of this run")] = None,
    kind: Annotated[
        list[str] | SkipJsonSchema[None], Query(max_length=20, description="only of these kinds, e.g. run.notice")
    ] = None,
) -> EventStream:
    """Stays open until the client leaves, the session ends or the server stops."""
    run_id = (await run_in_threadpool(workspace.runs.get, run)).run_id if run is not None else None
    return streams.send(session, live.frames(run_id, after, frozenset(kind) if kind else None))
