"""The pages of scenarios: what is in a folder and what is wrong with it, and what Luthier brings along."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Form, Query, Request, UploadFile
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from luthier.domain.errors import LuthierError, Problem
from luthier.domain.findings import Finding
from luthier.domain.scenarios import Pattern, ScenarioEntry, ScenariosReport
from luthier.server.web.context import Context
from luthier.server.web.frame import Frame, frame_of, workspace_of
from luthier.server.web.leading import lead_to
from luthier.server.web.rendering import render

router = APIRouter(prefix="/scenarios", include_in_schema=False)

SHOWN = 50
FINDINGS_SHOWN = 30
MOST_FILES = 2_000  # that a page looks at; each takes a few milliseconds


@dataclass(frozen=True, slots=True)
class IndexQuery:
    """Which folder, and which of its scenarios. An empty path is the workspace's own folder."""

    path: Annotated[str, Query(max_length=4096)] = ""
    category: Annotated[str, Query(max_length=120)] = ""
    tag: Annotated[str, Query(max_length=120)] = ""
    findings: bool = False
    offset: Annotated[int, Query(ge=0, le=2**53)] = 0

    def address(self, **changed: object) -> str:
        """That of the same page with something else chosen; the first part of it unless an offset is given."""
        given = {name: getattr(self, name) for name in ("path", "category", "tag", "findings")} | changed
        asked = urlencode({name: value for name, value in given.items() if value})
        return f"/scenarios?{asked}" if asked else "/scenarios"

    def place_of(self, folder: str, file: str) -> str:
        """The path of one of the scenarios; a file that was asked for itself is its own."""
        place = Path(folder).expanduser()
        return str(place / file if place.is_dir() else place)


@dataclass(frozen=True, slots=True)
class Share:
    """How many scenarios a category has, beside the largest one."""

    category: str
    count: int
    largest: int


@dataclass(frozen=True, slots=True)
class ScenariosPage(Context):
    template: ClassVar[str] = "pages/scenarios.html"

    frame: Frame
    query: IndexQuery
    folder: str
    report: ScenariosReport | None
    problem: Problem | None
    entries: Sequence[ScenarioEntry]  # of this part of the table
    total: int  # that are like what is asked for
    shares: Sequence[Share]
    findings: Sequence[Finding]
    previous: str  # addresses of the parts beside this one
    following: str
    removed: Sequence[str]  # names by which they can be put back


@dataclass(frozen=True, slots=True)
class TemplatesPage(Context):
    template: ClassVar[str] = "pages/scenario_templates.html"

    frame: Frame
    by_category: Sequence[tuple[str, Sequence[Pattern]]]


AskedIndex = Annotated[IndexQuery, Depends()]


@router.get("")
def scenarios(request: Request, query: AskedIndex) -> HTMLResponse:
    workspace = workspace_of(request)
    own = workspace.own_scenarios.folder
    report, problem = None, None
    if query.path or not workspace.own_scenarios.is_empty:
        try:
            report = workspace.scenarios.check(query.path.strip() or str(own), most=MOST_FILES)
        except LuthierError as error:
            problem = error.problem
    return render(_page(request, query, query.path.strip() or str(own), report, problem))


@router.get("/templates")
def templates(request: Request) -> HTMLResponse:
    grouped: dict[str, list[Pattern]] = {}
    for pattern in workspace_of(request).scenarios.patterns():
        grouped.setdefault(pattern.category, []).append(pattern)
    return render(TemplatesPage(frame=frame_of(request), by_category=list(grouped.items())))


@router.post("/upload")
def bring(request: Request, file: Annotated[UploadFile, Form()]) -> Response:
    """Takes in a Markdown file or an archive of them, and leads to what came of it."""
    workspace = workspace_of(request)
    upload = workspace.uploads.keep(file.filename, file.file, file.size or 0)
    place = workspace.own_scenarios.bring(upload.upload_id)
    page = "/scenarios" if place.is_dir() else "/scenarios/one"
    return lead_to(request, f"{page}?{urlencode({'path': str(place)})}")


@router.post("/put-back")
def put_back(request: Request, name: Annotated[str, Form(max_length=300)]) -> Response:
    back = workspace_of(request).removed_scenarios.put_back(name)
    return RedirectResponse(f"/scenarios/one?{urlencode({'path': back.path})}", 303)


def _page(
    request: Request, query: IndexQuery, folder: str, report: ScenariosReport | None, problem: Problem | None
) -> ScenariosPage:
    found = _asked_for(report, query) if report else []
    end = query.offset + SHOWN
    files = {entry.file for entry in found}
    findings = (
        [each for each in report.findings if each.place.file is None or each.place.file in files] if report else []
    )
    return ScenariosPage(
        frame=frame_of(request),
        query=query,
        folder=folder,
        report=report,
        problem=problem,
        entries=found[query.offset : end],
        total=len(found),
        shares=_shares(report) if report else [],
        findings=findings[:FINDINGS_SHOWN],
        previous=query.address(offset=max(0, query.offset - SHOWN)) if query.offset else "",
        following=query.address(offset=end) if end < len(found) else "",
        removed=workspace_of(request).removed_scenarios.names() if not query.path else [],
    )


def _asked_for(report: ScenariosReport, query: IndexQuery) -> list[ScenarioEntry]:
    return report.only(category=query.category or None, tag=query.tag or None, with_findings=query.findings)


def _shares(report: ScenariosReport) -> list[Share]:
    largest = max(report.categories.values(), default=0)
    return [Share(category, count, largest) for category, count in report.categories.items()]
