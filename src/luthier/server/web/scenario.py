"""The page of one scenario: its text to be edited, and beside it what it says and what is wrong with it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, Response

from luthier.domain.findings import Finding, Level
from luthier.domain.scenario_views import ScenarioText, ScenarioView
from luthier.server.web.context import Context
from luthier.server.web.frame import Frame, frame_of, workspace_of
from luthier.server.web.leading import htmx_to
from luthier.server.web.rendering import render

router = APIRouter(prefix="/scenarios/one", include_in_schema=False)

LARGEST_TEXT = 1_000_000  # characters
_LEVELS = list(Level)


@dataclass(frozen=True, slots=True)
class NumberedLine:
    text: str
    level: Level | None  # of the worst finding there


@dataclass(frozen=True, slots=True)
class ScenarioEditor(Context):
    template: ClassVar[str] = "fragments/scenario_editor.html"

    text: str
    lines: Sequence[NumberedLine]


@dataclass(frozen=True, slots=True)
class ScenarioLook(Context):
    template: ClassVar[str] = "fragments/scenario_look.html"

    view: ScenarioView


@dataclass(frozen=True, slots=True)
class ScenarioPage(Context):
    template: ClassVar[str] = "pages/scenario.html"

    frame: Frame
    opened: ScenarioText | None  # None: it is being begun, or made of a template
    name: str  # of the file that saving writes, among the workspace's own
    folder: str  # the index that it belongs to; empty: the workspace's own
    editor: ScenarioEditor
    look: ScenarioLook


Text = Annotated[str, Form(max_length=LARGEST_TEXT)]
FilePath = Annotated[str, Form(max_length=4096)]


@router.get("")
def scenario(
    request: Request,
    path: Annotated[str, Query(max_length=4096)] = "",
    template: Annotated[str, Query(max_length=300)] = "combat",
) -> HTMLResponse:
    workspace = workspace_of(request)
    opened = workspace.own_scenarios.open(path) if path else None
    text = opened.text if opened else workspace.scenarios.begun(template)
    view = workspace.scenarios.view(text, beside=path or None)
    own = opened is not None and opened.is_own
    page = ScenarioPage(
        frame=frame_of(request),
        opened=opened,
        name=workspace.own_scenarios.name_of(Path(path)) if own else Path(path or f"{template}.md").name,
        folder="" if own or not opened else str(Path(path).parent),
        editor=_editor(text, view.findings),
        look=ScenarioLook(view=view),
    )
    return render(page)


@router.post("/look")
def look(request: Request, text: Text, path: FilePath = "") -> HTMLResponse:
    """What a text says, and what is wrong with it, while it is written."""
    view = workspace_of(request).scenarios.view(_plain(text), beside=path or None)
    return render(ScenarioLook(view=view))


@router.post("/layout")
def lay_out(request: Request, text: Text, path: FilePath = "") -> HTMLResponse:
    scenarios = workspace_of(request).scenarios
    laid_out = scenarios.view(_plain(text), beside=path or None).laid_out
    return render(_editor(laid_out, scenarios.view(laid_out, beside=path or None).findings))


@router.post("/save")
def save(
    request: Request,
    text: Text,
    name: Annotated[str, Form(max_length=300)],
    opened_name: Annotated[str, Form(max_length=300)] = "",
    sha256: Annotated[str, Form(max_length=64)] = "",
) -> Response:
    """Writes among the workspace's own. Only the file that was opened is replaced, and only as it was then."""
    replaces = sha256 if sha256 and name == opened_name else None
    saved = workspace_of(request).own_scenarios.save(name, _plain(text), replaces=replaces)
    return htmx_to(f"/scenarios/one?{urlencode({'path': saved.path})}")


@router.post("/rename")
def rename(
    request: Request,
    text: Text,
    name: Annotated[str, Form(max_length=300)],
    opened_name: Annotated[str, Form(max_length=300)],
    sha256: Annotated[str, Form(max_length=64)],
) -> Response:
    """With the words that stand in the editor, so that none is lost."""
    own = workspace_of(request).own_scenarios
    own.save(opened_name, _plain(text), replaces=sha256)
    renamed = own.rename(opened_name, name)
    return htmx_to(f"/scenarios/one?{urlencode({'path': renamed.path})}")


@router.post("/remove")
def remove(request: Request, opened_name: Annotated[str, Form(max_length=300)]) -> Response:
    workspace_of(request).removed_scenarios.remove(opened_name)
    return htmx_to("/scenarios")


def _editor(text: str, findings: Sequence[Finding]) -> ScenarioEditor:
    worst: dict[int, Level] = {}
    for finding in findings:
        line = finding.place.line
        if line is not None and (line not in worst or _LEVELS.index(finding.level) < _LEVELS.index(worst[line])):
            worst[line] = finding.level
    lines = [NumberedLine(line, worst.get(number)) for number, line in enumerate(_plain(text).split("\n"), 1)]
    return ScenarioEditor(text=text, lines=lines)


def _plain(text: str) -> str:
    """Browsers send and show a text field's lines with ends of their own."""
    return text.replace("\r\n", "\n").replace("\r", "\n")
