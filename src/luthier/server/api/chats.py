"""Kept chats over HTTP: questions, answers that stream and are kept, votes, corrections, examples."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import datetime
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Query
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field

from luthier.domain.chat import ChatPiece, Precision
from luthier.domain.chats import MOST_COLUMNS, How, KeptAnswer, KeptChat, Vote
from luthier.server.api.access import PROBLEMS, OpenStreams, OpenWorkspace, Reference, SignedIn, event_stream_of
from luthier.server.api.chat import guarded
from luthier.server.api.paging import Cursor, Limit, Page
from luthier.server.api.views import DatasetView
from luthier.server.streaming import EventStream, frame_of

router = APIRouter(prefix="/chats", tags=["chats"], responses=PROBLEMS)
_STREAM = event_stream_of("Events `piece` (the last has `done`), then `kept` (the answer with its id), or `problem`.")
_EXPORT: dict[int | str, dict[str, Any]] = {
    200: {"description": "One answer a line.", "content": {"application/x-ndjson": {"schema": {"type": "string"}}}}
}
Words = Annotated[str, Query(max_length=400, description="all of these were said")]
AnswerId = Annotated[str, Field(min_length=1, max_length=80)]


class AskedView(BaseModel):
    """A question that models can answer now."""

    chat_id: str
    number: int = Field(description="of the question in its chat, from 0")


class NewQuestion(BaseModel):
    question: str = Field(min_length=1, max_length=200_000)
    system: str | None = Field(default=None, max_length=200_000)
    temperature: float = Field(default=0.0, ge=0, le=5, description="0 takes the likeliest token")
    top_p: float = Field(default=1.0, gt=0, le=1)
    max_new_tokens: int = Field(default=256, ge=1, le=4096)
    seed: int = Field(default=0, ge=0, lt=2**63)
    precision: Precision | None = Field(default=None, description="of the models; null is that of the settings")


class WhoAnswers(BaseModel):
    target: str = Field(min_length=1, max_length=4096, description="a version, a run, or a base model")
    column: int = Field(default=0, ge=0, lt=MOST_COLUMNS, description="its place beside the others")


class Judgement(BaseModel):
    """What is left out stays; null takes it back."""

    vote: Vote | None = None
    correction: str | None = Field(default=None, max_length=200_000)


class Sending(BaseModel):
    answers: list[AnswerId] = Field(min_length=1, max_length=1_000)
    dataset: str = Field(min_length=1, max_length=120, description="its next version, or a new dataset")


class ChatSummary(BaseModel):
    chat_id: str
    title: str
    labels: list[str] = Field(description="who answered")
    questions: int
    created_at: datetime
    changed_at: datetime

    @classmethod
    def of(cls, chat: KeptChat) -> "ChatSummary":
        facts = chat.model_dump(include={"chat_id", "created_at", "changed_at"})
        return cls(**facts, title=chat.title, labels=list(chat.labels), questions=len(chat.exchanges))


@router.get("")
def list_chats(
    workspace: OpenWorkspace, words: Words = "", limit: Limit = 50, cursor: Cursor = None
) -> Page[ChatSummary]:
    """The one that changed last first."""
    found = workspace.chats.list(words, limit, cursor)
    more = found[-1].chat_id if len(found) == limit else None
    return Page(items=[ChatSummary.of(chat) for chat in found], next=more)


@router.get("/export", status_code=200, response_class=StreamingResponse, responses=_EXPORT)
def export_chats(workspace: OpenWorkspace, words: Words = "") -> StreamingResponse:
    """Every answer with the conversation before it, as JSON lines."""
    lines = (orjson.dumps(document) + b"\n" for document in workspace.chats.export(words))
    name = {"content-disposition": 'attachment; filename="chats.jsonl"'}
    return StreamingResponse(lines, media_type="application/x-ndjson", headers=name)


@router.post("", status_code=201)
def begin_chat(workspace: OpenWorkspace, asked: NewQuestion) -> AskedView:
    """A chat with its first question."""
    chat = workspace.chats.begin()
    return _ask(workspace, chat.chat_id, asked)


@router.get("/{reference}")
def get_chat(workspace: OpenWorkspace, reference: Reference) -> KeptChat:
    """By id or its beginning."""
    return workspace.chats.get(reference)


@router.delete("/{reference}", status_code=204)
def delete_chat(workspace: OpenWorkspace, reference: Reference) -> None:
    """For good; what was sent to datasets stays there."""
    workspace.chats.delete(reference)


@router.post("/send", status_code=201)
def send_answers(workspace: OpenWorkspace, sending: Sending) -> DatasetView:
    """Answers become examples of a dataset's next version; corrected ones as they should have been."""
    return DatasetView.of(workspace.chat_examples.send(sending.answers, sending.dataset))


@router.put("/answers/{answer_id}")
def judge_answer(workspace: OpenWorkspace, answer_id: Reference, judgement: Judgement) -> KeptAnswer:
    """Votes for or against an answer, or says what it should have been."""
    chats = workspace.chats
    answer = chats.find_answer(answer_id)[2]
    if "vote" in judgement.model_fields_set:
        answer = chats.vote(answer_id, judgement.vote)
    if "correction" in judgement.model_fields_set:
        answer = chats.correct(answer_id, judgement.correction)
    return answer


@router.post("/{reference}/questions", status_code=201)
def ask_question(workspace: OpenWorkspace, reference: Reference, asked: NewQuestion) -> AskedView:
    """One more question, which models can then answer."""
    return _ask(workspace, workspace.chats.get(reference).chat_id, asked)


@router.post("/{reference}/questions/{number}/answers", status_code=200, response_class=EventStream, responses=_STREAM)
async def answer_question(
    workspace: OpenWorkspace,
    streams: OpenStreams,
    session: SignedIn,
    reference: Reference,
    number: int,
    who: WhoAnswers,
) -> EventStream:
    """Streams the answer of one model and keeps it, also when it is left before its end."""
    answer = workspace.chats.answer
    source = await run_in_threadpool(answer, reference, number, who.column, who.target)
    return streams.send(session, guarded(_frames(streams.draw(source))))


async def _frames(drawn: AsyncGenerator[ChatPiece | KeptAnswer, None]) -> AsyncGenerator[bytes, None]:
    async with aclosing(drawn):
        async for item in drawn:
            yield frame_of("piece" if isinstance(item, ChatPiece) else "kept", item)


def _ask(workspace: OpenWorkspace, chat_id: str, asked: NewQuestion) -> AskedView:
    how = How(**asked.model_dump(exclude={"question"}))
    return AskedView(chat_id=chat_id, number=workspace.chats.ask(chat_id, asked.question, how))
