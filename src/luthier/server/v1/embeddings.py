"""`POST /v1/embeddings`: the mean of a model's last hidden states over a text, of length 1."""

import base64
from collections.abc import AsyncGenerator, Generator
from contextlib import aclosing
from typing import Literal

import numpy as np
from fastapi import APIRouter
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel

from luthier.domain.chat import Embedding, EmbeddingRequest
from luthier.server.api.access import OpenStreams, OpenWorkspace, SignedIn
from luthier.server.refusals import REFUSALS
from luthier.server.streaming import Streams
from luthier.server.v1.sending import Answer
from luthier.server.v1.wire import EmbeddingAsked
from luthier.workspace import Workspace

router = APIRouter(tags=["openai"], responses=REFUSALS)


class EmbeddingOut(BaseModel):
    object: Literal["embedding"]
    index: int
    embedding: list[float] | str


class EmbeddingUsage(BaseModel):
    prompt_tokens: int
    total_tokens: int


class EmbeddingList(BaseModel):
    object: Literal["list"]
    data: list[EmbeddingOut]
    model: str
    usage: EmbeddingUsage


@router.post("/embeddings", response_model=EmbeddingList, status_code=200, response_class=Answer)
async def create_embedding(
    workspace: OpenWorkspace, streams: OpenStreams, session: SignedIn, asked: EmbeddingAsked
) -> Answer:
    """As OpenAI's, of a text or several."""
    target = await run_in_threadpool(workspace.chat.resolve_listed, asked.model)
    texts = (asked.input,) if isinstance(asked.input, str) else tuple(asked.input)
    frames = _document(workspace, streams, EmbeddingRequest(target=target, texts=texts), asked)
    return Answer(streams, session, frames, is_stream=False)


async def _document(
    workspace: Workspace, streams: Streams, request: EmbeddingRequest, asked: EmbeddingAsked
) -> AsyncGenerator[bytes, None]:
    def once() -> Generator[tuple[Embedding, ...], None, None]:
        yield workspace.chat.embed(request)

    async with aclosing(streams.draw(once())) as drawn:
        async for embeddings in drawn:
            tokens = sum(each.tokens for each in embeddings)
            document = EmbeddingList(
                object="list",
                data=[
                    EmbeddingOut(object="embedding", index=place, embedding=_written(each, asked))
                    for place, each in enumerate(embeddings)
                ],
                model=asked.model,
                usage=EmbeddingUsage(prompt_tokens=tokens, total_tokens=tokens),
            )
            yield document.model_dump_json().encode()


def _written(embedding: Embedding, asked: EmbeddingAsked) -> list[float] | str:
    if asked.encoding_format != "base64":
        return list(embedding.values)
    return base64.b64encode(np.array(embedding.values, dtype="<f4").tobytes()).decode()
