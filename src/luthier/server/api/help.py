"""Help over HTTP: the glossary, tips of settings, what pages are for, the documentation, and one search over all."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from luthier.domain.help import Document, ErrorMeaning, Hit, Term, Tip, Topic
from luthier.server.api.access import PROBLEMS, OpenWorkspace, Reference
from luthier.server.api.paging import Cursor, Limit, Page, page_of

router = APIRouter(tags=["help"], responses=PROBLEMS)

Words = Annotated[str, Query(max_length=200, description="all of them have to be there; each may be the beginning")]


class DocumentLine(BaseModel):
    folder: str
    name: str
    title: str
    summary: str
    address: str = Field(description="of its page on this server")


@router.get("/help/terms")
def list_terms(workspace: OpenWorkspace, limit: Limit = 50, cursor: Cursor = None) -> Page[Term]:
    """The glossary, in the order of the alphabet."""
    return page_of(workspace.help.terms(), lambda term: term.key, cursor, limit)


@router.get("/help/terms/{reference}")
def get_term(workspace: OpenWorkspace, reference: Reference) -> Term:
    """By its key, its name or another name of it."""
    return workspace.help.term(reference)


@router.get("/help/tips")
def list_tips(workspace: OpenWorkspace, limit: Limit = 50, cursor: Cursor = None) -> Page[Tip]:
    """What every setting and field does, and when one would change it."""
    return page_of(workspace.help.tips(), lambda tip: tip.key, cursor, limit)


@router.get("/help/topics")
def list_topics(workspace: OpenWorkspace, limit: Limit = 50, cursor: Cursor = None) -> Page[Topic]:
    """What each page of the app is for."""
    return page_of(workspace.help.topics(), lambda topic: topic.path, cursor, limit)


@router.get("/help/errors/{reference}")
def get_error_meaning(workspace: OpenWorkspace, reference: Reference) -> ErrorMeaning:
    return workspace.help.error(reference)


@router.get("/help/documents")
def list_documents(workspace: OpenWorkspace, limit: Limit = 50, cursor: Cursor = None) -> Page[DocumentLine]:
    pages = [*workspace.help.documents("guide"), *workspace.help.documents("reference")]
    lines = [DocumentLine.model_validate(page, from_attributes=True) for page in pages]
    return page_of(lines, lambda line: f"{line.folder}/{line.name}", cursor, limit)


@router.get("/help/documents/{folder}/{name}")
def get_document(workspace: OpenWorkspace, folder: Literal["guide", "reference"], name: str) -> Document:
    return workspace.help.document(folder, name)


@router.get("/search")
def search(workspace: OpenWorkspace, q: Words = "", limit: Annotated[int, Query(ge=1, le=100)] = 24) -> list[Hit]:
    """Actions, pages, runs, datasets, versions, words and sections of the documentation, best first."""
    return workspace.search.everything(q, limit)
