"""The handbook in the app: its front page, glossary, shortcuts, documentation, and what each error means."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Annotated, ClassVar, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse
from markupsafe import Markup

from luthier.domain.errors import Action
from luthier.domain.help import Document, Section, Shortcut, Term, Topic
from luthier.server.web.context import Context
from luthier.server.web.frame import PLACES, Frame, frame_of, workspace_of
from luthier.server.web.rendering import render

router = APIRouter(prefix="/help", include_in_schema=False)

COMMANDS = (
    Action(label="The whole way, on the sample task", command="luthier demo"),
    Action(label="Check this machine and the workspace", command="luthier doctor"),
    Action(label="Train on a file", command="luthier train --data FILE"),
    Action(label="Watch a run", command="luthier runs watch RUN"),
    Action(label="Chat with the result, beside its base", command="luthier chat RUN --against starter"),
    Action(label="What a word or an error means", command="luthier help WORD"),
)


@dataclass(frozen=True, slots=True)
class HelpPage(Context):
    template: ClassVar[str] = "pages/help.html"

    frame: Frame
    topic: Topic | None  # of the page that one came from
    guides: Sequence[Document]
    references: Sequence[Document]
    commands: Sequence[Action]


@dataclass(frozen=True, slots=True)
class GlossaryPage(Context):
    template: ClassVar[str] = "pages/glossary.html"

    frame: Frame
    words: str
    letters: Mapping[str, Sequence[Term]]
    guides: Mapping[str, str]  # key of a term -> address in the guide


@dataclass(frozen=True, slots=True)
class ShortcutsPage(Context):
    template: ClassVar[str] = "pages/shortcuts.html"

    frame: Frame
    shortcuts: Sequence[Shortcut]


@dataclass(frozen=True, slots=True)
class DocumentPage(Context):
    template: ClassVar[str] = "pages/document.html"

    frame: Frame
    document: Document
    chapters: Sequence[Section]
    body: Markup


@dataclass(frozen=True, slots=True)
class ErrorMeaningPage(Context):
    template: ClassVar[str] = "pages/error_meaning.html"

    frame: Frame
    code: str
    body: Markup


@router.get("")
def front(request: Request, page: Annotated[str, Query(max_length=400)] = "") -> HTMLResponse:
    said = workspace_of(request).help
    topic = said.topic_of(page) if page and not page.startswith("/help") else None
    guides, references = said.documents("guide"), said.documents("reference")
    return render(HelpPage(frame_of(request), topic, guides, references, COMMANDS))


@router.get("/glossary")
def glossary(request: Request, q: Annotated[str, Query(max_length=200)] = "") -> HTMLResponse:
    said = workspace_of(request).help
    found = [term for term in said.terms() if _holds(term, q)]
    letters = {letter: list(terms) for letter, terms in groupby(found, key=lambda term: term.term[0].upper())}
    guides = {term.key: said.address_in_guide(term.guide) for term in found if term.guide}
    return render(GlossaryPage(frame=frame_of(request), words=q, letters=letters, guides=guides))


@router.get("/shortcuts")
def shortcuts(request: Request) -> HTMLResponse:
    places = [Shortcut(keys=("g", place.key), does=f"Go to {place.label}") for place in PLACES if place.key]
    return render(ShortcutsPage(frame_of(request), (*workspace_of(request).help.shortcuts(), *places)))


@router.get("/errors/{code}")
def error_meaning(request: Request, code: str) -> HTMLResponse:
    said = workspace_of(request).help
    return render(ErrorMeaningPage(frame_of(request), code, _ours(said.error_html(code))))


@router.get("/{folder}/{name}")
def document(request: Request, folder: Literal["guide", "reference"], name: str) -> HTMLResponse:
    said = workspace_of(request).help
    found = said.document(folder, name)
    chapters = [section for section in found.sections if section.anchor]
    return render(DocumentPage(frame_of(request), found, chapters, _ours(said.html_of(found))))


def _holds(term: Term, words: str) -> bool:
    text = " ".join((term.term, *term.also, term.says)).casefold()
    return all(word in text for word in words.casefold().split())


def _ours(html: str) -> Markup:
    return Markup(html)  # noqa: S704 - made from the documentation that the package itself carries
