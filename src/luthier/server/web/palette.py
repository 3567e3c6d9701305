"""Searching: the palette over every page, and the same as a page of its own that needs no script."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from luthier.domain.help import Hit
from luthier.server.web.context import Context
from luthier.server.web.frame import Frame, frame_of, workspace_of
from luthier.server.web.rendering import render

router = APIRouter(include_in_schema=False)

Words = Annotated[str, Query(max_length=400)]
_ON_THE_PAGE = 60


@dataclass(frozen=True, slots=True)
class Found(Context):
    template: ClassVar[str] = "fragments/palette_found.html"

    words: str
    hits: Sequence[Hit]


@dataclass(frozen=True, slots=True)
class Palette(Context):
    template: ClassVar[str] = "fragments/palette.html"

    found: Found


@dataclass(frozen=True, slots=True)
class SearchPage(Context):
    template: ClassVar[str] = "pages/search.html"

    frame: Frame
    words: str
    hits: Sequence[Hit]


@router.get("/palette")
def palette(request: Request) -> HTMLResponse:
    return render(Palette(_found(request, "")))


@router.get("/palette/found")
def found(request: Request, q: Words = "") -> HTMLResponse:
    return render(_found(request, q))


@router.get("/help/search")
def search_page(request: Request, q: Words = "") -> HTMLResponse:
    hits = workspace_of(request).search.everything(q, _ON_THE_PAGE) if q.strip() else []
    return render(SearchPage(frame=frame_of(request), words=q, hits=hits))


def _found(request: Request, words: str) -> Found:
    return Found(words=words, hits=workspace_of(request).search.everything(words))
