"""The drawer of help: what the page beside it is for, in which words, and where the guide says more."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar, NamedTuple

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from luthier.domain.help import Term, Topic
from luthier.server.web.context import Context
from luthier.server.web.frame import workspace_of
from luthier.server.web.rendering import render

router = APIRouter(prefix="/help/panel", include_in_schema=False)


class GuideLink(NamedTuple):
    title: str
    address: str


@dataclass(frozen=True, slots=True)
class HelpPanel(Context):
    template: ClassVar[str] = "fragments/help_panel.html"

    topic: Topic | None
    terms: Sequence[Term]
    guides: Sequence[GuideLink]


@router.get("")
def panel(request: Request, path: Annotated[str, Query(max_length=400)] = "/") -> HTMLResponse:
    said = workspace_of(request).help
    topic = said.topic_of(path)
    named = {document.name: document for document in said.documents("guide")}
    guides = [named[guide.partition(".md")[0]] for guide in topic.guides] if topic else []
    return render(
        HelpPanel(
            topic=topic,
            terms=[said.term(key) for key in topic.terms] if topic else [],
            guides=[GuideLink(document.title, document.address) for document in guides],
        )
    )
