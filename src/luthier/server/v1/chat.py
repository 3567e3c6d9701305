"""`POST /v1/chat/completions`: an answer to a conversation, whole or in chunks."""

import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Any

from fastapi import APIRouter
from fastapi.concurrency import run_in_threadpool

from luthier.domain.chat import ChatPiece, ChatRequest, ChatTarget
from luthier.server.api.access import OpenStreams, OpenWorkspace, SignedIn
from luthier.server.refusals import REFUSALS
from luthier.server.streaming import Streams
from luthier.server.v1.asking import chat_requests
from luthier.server.v1.sending import DONE, Answer, event_of
from luthier.server.v1.telling import (
    ChatChoice,
    ChatChunk,
    ChatDocument,
    Delta,
    DeltaChoice,
    MessageOut,
    calls_of,
    finish_reason,
    logprobs_of,
    told,
    usage_of,
)
from luthier.server.v1.wire import ChatAsked
from luthier.workspace import Workspace

router = APIRouter(tags=["openai"], responses=REFUSALS)


@router.post("/chat/completions", response_model=ChatDocument, status_code=200, response_class=Answer)
async def create_chat_completion(
    workspace: OpenWorkspace, streams: OpenStreams, session: SignedIn, asked: ChatAsked
) -> Answer:
    """As OpenAI's. `model` is a version, a run or a base model; with `stream`, server-sent events."""
    target = await run_in_threadpool(workspace.chat.resolve_listed, asked.model)
    answering = _Answering(workspace, streams, target, asked)
    frames = answering.chunks() if asked.stream else answering.document()
    return Answer(streams, session, frames, is_stream=bool(asked.stream))


class _Answering:
    """One request; its choices are answered one after the other."""

    def __init__(self, workspace: Workspace, streams: Streams, target: ChatTarget, asked: ChatAsked) -> None:
        self._workspace = workspace
        self._streams = streams
        self._target = target
        self._asked = asked
        self._requests: Sequence[ChatRequest] = list(chat_requests(target, asked))

    async def document(self) -> AsyncGenerator[bytes, None]:
        choices, lasts = [], []
        for index, request in enumerate(self._requests):
            pieces = [piece async for piece in self._pieces(request)]
            choices.append(self._choice(index, pieces))
            lasts.append(pieces[-1])
        document = ChatDocument(**self._told("chat.completion"), choices=choices, usage=usage_of(lasts))
        yield document.model_dump_json(exclude_unset=True).encode()

    async def chunks(self) -> AsyncGenerator[bytes, None]:
        common = self._told("chat.completion.chunk")
        wants_usage = self._asked.stream_options is not None and self._asked.stream_options.include_usage
        without_usage = {"usage": None} if wants_usage else {}
        lasts = []
        for index, request in enumerate(self._requests):
            is_first = True
            async with aclosing(self._pieces(request)) as pieces:
                async for piece in pieces:
                    for choice in self._deltas(index, piece, is_first=is_first):
                        yield event_of(ChatChunk(**common, choices=[choice], **without_usage))
                    is_first = False
                    if piece.done:
                        lasts.append(piece)
        if wants_usage:
            yield event_of(ChatChunk(**common, choices=[], usage=usage_of(lasts)))
        yield DONE

    def _pieces(self, request: ChatRequest) -> AsyncGenerator[ChatPiece, None]:
        return self._streams.draw(self._workspace.chat.stream(request))

    def _told(self, kind: str) -> dict[str, Any]:
        return told("chatcmpl", kind, self._target, self._asked.model, time.time())

    def _choice(self, index: int, pieces: Sequence[ChatPiece]) -> ChatChoice:
        last, text = pieces[-1], "".join(piece.text for piece in pieces)
        calls = self._calls(last, numbered=False)
        message = MessageOut(role="assistant", content=text or (None if calls else ""), refusal=None, **calls)
        wanted = logprobs_of([each for piece in pieces for each in piece.logprobs]) if self._asked.logprobs else None
        return ChatChoice(index=index, message=message, logprobs=wanted, finish_reason=finish_reason(last))

    def _deltas(self, index: int, piece: ChatPiece, *, is_first: bool) -> list[DeltaChoice]:
        """The role comes first, the reason for the end last and alone."""
        wanted = logprobs_of(piece.logprobs) if piece.logprobs else None
        deltas = [
            DeltaChoice(index=index, delta=Delta(role="assistant", content=""), logprobs=None, finish_reason=None)
        ]
        calls = self._calls(piece, numbered=True)
        if piece.text:
            told_now = Delta(content=piece.text)
            deltas.append(DeltaChoice(index=index, delta=told_now, logprobs=wanted, finish_reason=None))
        if calls:
            deltas.append(DeltaChoice(index=index, delta=Delta(**calls), logprobs=None, finish_reason=None))
        if piece.done:
            end = finish_reason(piece)
            deltas.append(DeltaChoice(index=index, delta=Delta(), logprobs=None, finish_reason=end))
        return deltas if is_first else deltas[1:]

    def _calls(self, piece: ChatPiece, *, numbered: bool) -> dict[str, Any]:
        calls = piece.tool_calls[:1] if self._asked.parallel_tool_calls is False else piece.tool_calls
        return {"tool_calls": calls_of(calls, numbered=numbered)} if calls else {}
