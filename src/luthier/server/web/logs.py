"""The page of logs: what the processes of the workspace said, by process, level and words, and as it comes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from luthier.domain.logs import LogLevel, LogLine
from luthier.server.web.context import Context
from luthier.server.web.frame import Frame, frame_of, workspace_of
from luthier.server.web.rendering import render
from luthier.workspace import Workspace

router = APIRouter(prefix="/logs", include_in_schema=False)

_SHOWN = 300

Process = Annotated[str, Query(max_length=100)]
Words = Annotated[str, Query(max_length=200)]


@dataclass(frozen=True, slots=True)
class ProcessLog(Context):
    template: ClassVar[str] = "fragments/process_log.html"

    process: str
    level: LogLevel
    words: str
    lines: Sequence[LogLine]
    asks: bool = True  # for newer lines


@dataclass(frozen=True, slots=True)
class LogsPage(Context):
    template: ClassVar[str] = "pages/logs.html"

    frame: Frame
    processes: Sequence[str]
    log: ProcessLog


@router.get("")
def logs(request: Request, process: Process = "server", level: LogLevel = "output", words: Words = "") -> HTMLResponse:
    workspace = workspace_of(request)
    page = LogsPage(
        frame=frame_of(request),
        processes=workspace.process_logs.names(),
        log=_log(workspace, process, level, words),
    )
    return render(page)


@router.get("/lines")
def lines(request: Request, process: Process = "server", level: LogLevel = "output", words: Words = "") -> HTMLResponse:
    return render(_log(workspace_of(request), process, level, words))


def _log(workspace: Workspace, process: str, level: LogLevel, words: str) -> ProcessLog:
    found = workspace.process_logs.tail(process, _SHOWN, level, words).lines
    return ProcessLog(process=process, level=level, words=words, lines=found)
