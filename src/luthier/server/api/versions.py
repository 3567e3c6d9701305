"""Versions over HTTP: found, compared, registered under another number, tagged, noted and removed."""

from fastapi import APIRouter
from pydantic import BaseModel, Field

from luthier.domain.comparisons import Difference
from luthier.domain.evaluations import Comparison
from luthier.domain.version_comparisons import BothAnswers, VersionComparison
from luthier.server.api.access import PROBLEMS, OpenWorkspace, Reference
from luthier.server.api.paging import Cursor, Limit, Page, page_of
from luthier.server.api.views import VersionView

router = APIRouter(prefix="/versions", tags=["versions"], responses=PROBLEMS)


class CreateVersion(BaseModel):
    source: str = Field(min_length=1, max_length=300, description="a run or a version")
    name: str | None = Field(default=None, max_length=100, description="default: as before")
    number: str | None = Field(default=None, max_length=60, description="default: counted on by what has changed")


class Tag(BaseModel):
    tag: str = Field(max_length=100)


class Note(BaseModel):
    text: str = Field(max_length=20_000)


class ComparisonView(BaseModel):
    first: VersionView
    second: VersionView
    sentence: str = Field(description="whether one is better; better is only said when it is")
    comparison: Comparison | None = Field(description="the second against the first, on what both answered")
    figures: list[Difference]
    differences: list[Difference]
    answers: list[BothAnswers]
    doubts: list[str]

    @classmethod
    def of(cls, found: VersionComparison) -> "ComparisonView":
        alike = {name: getattr(found, name) for name in ("comparison", "sentence")}
        listed = {name: list(getattr(found, name)) for name in ("figures", "differences", "answers", "doubts")}
        return cls(first=VersionView.of(found.first), second=VersionView.of(found.second), **alike, **listed)


@router.get("")
def list_versions(
    workspace: OpenWorkspace, q: str = "", tag: str | None = None, limit: Limit = 50, cursor: Cursor = None
) -> Page[VersionView]:
    """Newest first; `q` is words that all stand in what it is known by."""
    shown = [VersionView.of(version) for version in workspace.versions.list(q, tag)]
    return page_of(shown, lambda version: version.version_id, cursor, limit)


@router.post("", status_code=201)
def create_version(workspace: OpenWorkspace, wanted: CreateVersion) -> VersionView:
    """Registers a result once more, under another name or number."""
    return VersionView.of(workspace.versions.create(wanted.source, name=wanted.name, number=wanted.number))


@router.get("/compare")
def compare_versions(workspace: OpenWorkspace, first: str, second: str) -> ComparisonView:
    """What they were made from, what was measured, and what each answers to the same prompts."""
    return ComparisonView.of(workspace.versions.compare(first, second))


@router.get("/{reference}")
def get_version(workspace: OpenWorkspace, reference: Reference) -> VersionView:
    """`name` (its highest number), `name@0.1.0`, or an id."""
    return VersionView.of(workspace.versions.get(reference))


@router.get("/{reference}/children")
def list_children(workspace: OpenWorkspace, reference: Reference) -> list[VersionView]:
    """What came of it."""
    found = workspace.versions.get(reference)
    return [VersionView.of(child) for child in workspace.versions.children(found.version_id)]


@router.post("/{reference}/tags")
def add_tag(workspace: OpenWorkspace, reference: Reference, wanted: Tag) -> VersionView:
    """What is tagged is never offered for removal."""
    return VersionView.of(workspace.versions.tag(reference, wanted.tag))


@router.delete("/{reference}/tags/{tag}")
def remove_tag(workspace: OpenWorkspace, reference: Reference, tag: str) -> VersionView:
    return VersionView.of(workspace.versions.untag(reference, tag))


@router.put("/{reference}/note")
def write_note(workspace: OpenWorkspace, reference: Reference, note: Note) -> VersionView:
    """In the place of the one that it had."""
    return VersionView.of(workspace.versions.note(reference, note.text))


@router.delete("/{reference}")
def remove_version(workspace: OpenWorkspace, reference: Reference) -> VersionView:
    """With its files; one that serves, is tagged or is stood on stays."""
    return VersionView.of(workspace.versions.remove(reference))
