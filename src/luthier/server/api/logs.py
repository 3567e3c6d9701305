"""Logs of processes over HTTP: their end with filters, and all that is kept as it was written."""

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

from luthier.domain.logs import LogLevel, LogLine
from luthier.server.api.access import PROBLEMS, OpenWorkspace, Reference

router = APIRouter(prefix="/logs", tags=["logs"], responses=PROBLEMS)

Lines = Annotated[int, Query(ge=1, le=10_000)]
Words = Annotated[str, Query(max_length=200, description="all of them stand in the message or in an id")]


class ProcessLogView(BaseModel):
    process: str
    lines: list[LogLine]


@router.get("")
def list_logs(workspace: OpenWorkspace) -> list[str]:
    """The processes that write one. Those of runs are at /runs/{reference}/log."""
    return list(workspace.process_logs.names())


@router.get("/{process}")
def get_process_log(
    workspace: OpenWorkspace, process: Reference, lines: Lines = 200, level: LogLevel = "output", words: Words = ""
) -> ProcessLogView:
    """The end of it, the oldest line first."""
    return ProcessLogView(process=process, lines=list(workspace.process_logs.tail(process, lines, level, words).lines))


@router.get("/{process}/file", response_class=StreamingResponse)
def download_log(workspace: OpenWorkspace, process: Reference) -> StreamingResponse:
    """Every line that is kept, as JSON lines."""
    name = {"content-disposition": f'attachment; filename="{process}.jsonl"'}
    return StreamingResponse(
        workspace.process_logs.export(process), media_type="application/x-ndjson; charset=utf-8", headers=name
    )
