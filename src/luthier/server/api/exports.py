"""Exports over HTTP: make a version into what others run, see the proof, fetch the files, bring them into Ollama."""

from datetime import datetime
from pathlib import Path

from fastapi import APIRouter
from fastapi.responses import FileResponse
from pydantic import BaseModel, Field

from luthier.domain.background import WorkState
from luthier.domain.exports import Export, ExportFile, ExportFileNotFound, ExportRequest, Form, Performance, Pruned
from luthier.domain.jobs import Progress
from luthier.domain.parity import ParityReport
from luthier.server.api.access import PROBLEMS, OpenWorkspace
from luthier.server.api.paging import Cursor, Limit, Page, page_of
from luthier.server.api.views import RunProblem

router = APIRouter(prefix="/exports", tags=["exports"], responses=PROBLEMS)


class MakeExport(BaseModel):
    version: str = Field(min_length=1, max_length=300, description="name, name@number, or an id")
    form: Form = "gguf"
    quant: str | None = Field(default=None, max_length=12, description="kind of GGUF, e.g. Q8_0, F16, Q4_K_M")
    at_most_bytes: int | None = Field(default=None, ge=1, description="then each tensor gets its own type")
    allow_pruning: bool = Field(default=False, description="leave layers out where no type is small enough for that")


class LoadIntoOllama(BaseModel):
    name: str | None = Field(default=None, min_length=1, max_length=200, description="default: the version's name")
    push: bool = Field(default=False, description="also push it to the registry that the name belongs to")


class Loaded(BaseModel):
    model: str


class ExportView(BaseModel):
    export_id: str
    version: str
    version_id: str
    request: ExportRequest
    state: WorkState
    begun_at: datetime
    progress: Progress | None = Field(description="while it is running")
    problem: RunProblem | None
    folder: str = Field(description="on the server's machine; empty until it is done")
    files: list[ExportFile]
    bytes: int
    types: dict[str, int] = Field(description="type of tensors, and how many weights are kept in it")
    pruned: Pruned | None = Field(description="layers that were left out so that the limit could be met")
    parity: list[ParityReport]
    performance: Performance | None
    commands: list[str] = Field(description="that run it, on the server's machine")
    seconds: float

    @classmethod
    def of(cls, export: Export) -> "ExportView":
        own = cls.model_fields.keys() - {"problem"}
        values = {name: getattr(export, name) for name in own}
        return cls(**values, problem=RunProblem.of(export.problem) if export.problem else None)


@router.post("", status_code=202)
def make_export(workspace: OpenWorkspace, wanted: MakeExport) -> ExportView:
    """Begins it. It is kept only when it says the same as the tuned model."""
    request = ExportRequest.of(wanted.form, wanted.quant, wanted.at_most_bytes, wanted.allow_pruning)
    return ExportView.of(workspace.exports.make(wanted.version, request))


@router.get("")
def list_exports(
    workspace: OpenWorkspace, version: str | None = None, limit: Limit = 50, cursor: Cursor = None
) -> Page[ExportView]:
    """What is being made first, then the newest; what was not made is listed for a day."""
    version_id = workspace.versions.get(version).version_id if version else None
    shown = [ExportView.of(export) for export in workspace.exports.list(version_id)]
    return page_of(shown, lambda export: export.export_id, cursor, limit)


@router.get("/{export_id}")
def get_export(workspace: OpenWorkspace, export_id: str) -> ExportView:
    return ExportView.of(workspace.exports.get(export_id))


@router.get("/{export_id}/files/{name:path}", response_class=FileResponse)
def get_export_file(workspace: OpenWorkspace, export_id: str, name: str) -> FileResponse:
    """One of the files that the export lists, whole."""
    export = workspace.exports.get(export_id)
    if name not in {file.name for file in export.files}:
        raise ExportFileNotFound(name=name, export=export.export_id)
    return FileResponse(Path(export.folder) / name, filename=Path(name).name)


@router.post("/{export_id}/cancel")
def cancel_export(workspace: OpenWorkspace, export_id: str) -> ExportView:
    """Nothing of it is kept. What is done stays."""
    return ExportView.of(workspace.exports.cancel(export_id))


@router.post("/{export_id}/restart")
def restart_export(workspace: OpenWorkspace, export_id: str) -> ExportView:
    """From its beginning: for what failed, was cancelled, or lost its process."""
    return ExportView.of(workspace.exports.begin_again(export_id))


@router.post("/{export_id}/ollama")
def load_into_ollama(workspace: OpenWorkspace, export_id: str, wanted: LoadIntoOllama) -> Loaded:
    """Brings an export of the form `ollama` into the Ollama that the settings name."""
    return Loaded(model=workspace.ollama.load(export_id, name=wanted.name, push=wanted.push))


@router.delete("/{export_id}")
def remove_export(workspace: OpenWorkspace, export_id: str) -> ExportView:
    """With its files. The version stays."""
    return ExportView.of(workspace.exports.remove(export_id))
