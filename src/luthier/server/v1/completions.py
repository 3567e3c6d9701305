"""`POST /v1/completions`: plain text gone on with, without a chat template."""

import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Any

from fastapi import APIRouter
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel

from luthier.domain.chat import ChatPiece, TokenChoice
from luthier.server.api.access import OpenStreams, OpenWorkspace, SignedIn
from luthier.server.refusals import REFUSALS
from luthier.server.streaming import Streams
from luthier.server.v1.asking import text_requests
from luthier.server.v1.sending import DONE, Answer, event_of
from luthier.server.v1.telling import Told, Usage, finish_reason, told
from luthier.server.v1.wire import TextAsked
from luthier.workspace import Workspace

router = APIRouter(tags=["openai"], responses=REFUSALS)


class TextLogProbs(BaseModel):
    tokens: list[str]
    token_logprobs: list[float]
    top_logprobs: list[dict[str, float]]
    text_offset: list[int]


class TextChoice(BaseModel):
    index: int
    text: str
    logprobs: TextLogProbs | None
    finish_reason: str | None


class TextDocument(Told):
    choices: list[TextChoice]
    usage: Usage | None = None


@router.post("/completions", response_model=TextDocument, status_code=200, response_class=Answer)
async def create_completion(
    workspace: OpenWorkspace, streams: OpenStreams, session: SignedIn, asked: TextAsked
) -> Answer:
    """As OpenAI's older one. `prompt` is a text or several; tokens are not taken."""
    target = await run_in_threadpool(workspace.chat.resolve_listed, asked.model)
    common = told("cmpl", "text_completion", target, asked.model, time.time())
    pieces = _numbered(workspace, streams, list(text_requests(target, asked)))
    frames = _chunks(pieces, common, asked) if asked.stream else _document(pieces, common, asked)
    return Answer(streams, session, frames, is_stream=bool(asked.stream))


Numbered = AsyncGenerator[tuple[int, ChatPiece], None]


async def _numbered(workspace: Workspace, streams: Streams, requests: Sequence[Any]) -> Numbered:
    for index, request in enumerate(requests):
        async with aclosing(streams.draw(workspace.chat.stream(request))) as pieces:
            async for piece in pieces:
                yield index, piece


async def _document(found: Numbered, common: dict[str, Any], asked: TextAsked) -> AsyncGenerator[bytes, None]:
    answers: dict[int, list[ChatPiece]] = {}
    async with aclosing(found):
        async for index, piece in found:
            answers.setdefault(index, []).append(piece)
    choices = [
        TextChoice(
            index=index,
            text="".join(piece.text for piece in pieces),
            logprobs=_logprobs([each for piece in pieces for each in piece.logprobs], asked),
            finish_reason=finish_reason(pieces[-1]),
        )
        for index, pieces in answers.items()
    ]
    usage = _usage([pieces[-1] for pieces in answers.values()], asked)
    yield TextDocument(**common, choices=choices, usage=usage).model_dump_json(exclude_unset=True).encode()


async def _chunks(found: Numbered, common: dict[str, Any], asked: TextAsked) -> AsyncGenerator[bytes, None]:
    lasts = []
    async with aclosing(found):
        async for index, piece in found:
            end = finish_reason(piece) if piece.done else None
            logprobs = _logprobs(piece.logprobs, asked)
            choice = TextChoice(index=index, text=piece.text, logprobs=logprobs, finish_reason=end)
            yield event_of(TextDocument(**common, choices=[choice]))
            if piece.done:
                lasts.append(piece)
    if asked.stream_options is not None and asked.stream_options.include_usage:
        yield event_of(TextDocument(**common, choices=[], usage=_usage(lasts, asked)))
    yield DONE


def _usage(lasts: Sequence[ChatPiece], asked: TextAsked) -> Usage:
    """Every prompt counts once, however many choices it has."""
    firsts = lasts[:: asked.n or 1]
    prompts, answers = sum(piece.prompt_tokens for piece in firsts), sum(piece.tokens for piece in lasts)
    return Usage(
        prompt_tokens=prompts,
        completion_tokens=answers,
        total_tokens=prompts + answers,
        prompt_tokens_details={"cached_tokens": sum(piece.reused_tokens for piece in firsts)},
    )


def _logprobs(choices: Sequence[TokenChoice], asked: TextAsked) -> TextLogProbs | None:
    if asked.logprobs is None:
        return None
    texts = [choice.chosen.text for choice in choices]
    return TextLogProbs(
        tokens=texts,
        token_logprobs=[choice.chosen.logprob for choice in choices],
        top_logprobs=[{rival.text: rival.logprob for rival in choice.top} for choice in choices],
        text_offset=[sum(len(text) for text in texts[:place]) for place in range(len(texts))],
    )
