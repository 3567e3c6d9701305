"""The pages of kept chats: all of them with a search, and one with its answers to be judged."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import HTMLResponse

from luthier.domain.chats import KeptChat
from luthier.server.web.context import Context
from luthier.server.web.frame import Frame, frame_of, workspace_of
from luthier.server.web.leading import htmx_to
from luthier.server.web.playground import dataset_names
from luthier.server.web.rendering import render

router = APIRouter(prefix="/chats", include_in_schema=False)
_ON_A_PAGE = 30


@dataclass(frozen=True, slots=True)
class ChatsPage(Context):
    template: ClassVar[str] = "pages/chats.html"

    frame: Frame
    chats: Sequence[KeptChat]
    words: str
    next_address: str | None


@dataclass(frozen=True, slots=True)
class ChatPage(Context):
    template: ClassVar[str] = "pages/chat.html"

    frame: Frame
    chat: KeptChat
    datasets: Sequence[str]


@router.get("")
def chats(request: Request, words: Annotated[str, Query(max_length=400)] = "", before: str = "") -> HTMLResponse:
    found = workspace_of(request).chats.list(words, _ON_A_PAGE, before or None)
    query = {"words": words} if words else {}
    more = f"/chats?{urlencode({**query, 'before': found[-1].chat_id})}" if len(found) == _ON_A_PAGE else None
    return render(ChatsPage(frame=frame_of(request), chats=found, words=words, next_address=more))


@router.get("/{reference}")
def chat(request: Request, reference: str) -> HTMLResponse:
    workspace = workspace_of(request)
    found = workspace.chats.get(reference)
    return render(ChatPage(frame=frame_of(request), chat=found, datasets=dataset_names(workspace)))


@router.post("/{reference}/delete")
def delete(request: Request, reference: str) -> Response:
    workspace_of(request).chats.delete(reference)
    return htmx_to("/chats")
