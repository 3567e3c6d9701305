"""Chat over HTTP: one answer, streamed piece by piece; leaving ends the work."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated, Literal

from fastapi import APIRouter
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, Field

from luthier.domain.chat import ChatMessage, ChatPiece, ChatRequest
from luthier.domain.errors import LuthierError, UnexpectedFailure
from luthier.kit.ids import new_id
from luthier.server.api.access import PROBLEMS, OpenStreams, OpenWorkspace, SignedIn, event_stream_of
from luthier.server.errors import view_of
from luthier.server.log import LOG
from luthier.server.streaming import EventStream, frame_of

router = APIRouter(prefix="/chat", tags=["chat"], responses=PROBLEMS)
_STREAM = event_stream_of("Events `piece` ({text, done, ...}; the last has `done` and the figures), or `problem`.")


class Turn(BaseModel):
    role: Literal["system", "user", "assistant"]
    content: Annotated[str, Field(max_length=200_000)]


class Question(BaseModel):
    target: str = Field(min_length=1, max_length=4096, description="a version, a run, or a base model")
    messages: list[Turn] = Field(min_length=1, max_length=1_000)
    max_new_tokens: int = Field(default=256, ge=1, le=4096)
    temperature: float = Field(default=0.0, ge=0, le=5, description="0 takes the likeliest token")
    top_p: float = Field(default=1.0, gt=0, le=1)
    seed: int = Field(default=0, ge=0, lt=2**63)


@router.post("", status_code=200, response_class=EventStream, responses=_STREAM)
async def chat(workspace: OpenWorkspace, streams: OpenStreams, session: SignedIn, question: Question) -> EventStream:
    """Streams the answer of the target to the messages."""
    target = await run_in_threadpool(workspace.chat.resolve, question.target)
    request = ChatRequest(
        target=target,
        messages=tuple(ChatMessage(role=turn.role, content=turn.content) for turn in question.messages),
        **question.model_dump(exclude={"target", "messages"}),
    )
    pieces = streams.draw(workspace.chat.stream(request))
    return streams.send(session, guarded(_frames(pieces)))


async def _frames(pieces: AsyncGenerator[ChatPiece, None]) -> AsyncGenerator[bytes, None]:
    async with aclosing(pieces):
        async for piece in pieces:
            yield frame_of("piece", piece)


async def guarded(frames: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
    """What fails after the first byte can no longer be a status; it becomes the last event."""
    try:
        async with aclosing(frames):
            async for frame in frames:
                yield frame
    except LuthierError as error:
        yield frame_of("problem", view_of(error))
    except Exception:  # noqa: BLE001 - a rim: the answer has begun, so it must be ended with what went wrong
        incident = new_id("incident")
        LOG.exception("%s: a chat failed", incident)
        yield frame_of("problem", view_of(UnexpectedFailure(what=f"{incident} in logs/server.log")))
