"""Imports over HTTP: begin one in the background, see how far it is, call it off, go on with it."""

from typing import Literal, Self

from fastapi import APIRouter
from pydantic import BaseModel, Field, model_validator

from luthier.domain.background import WorkState
from luthier.domain.dataset_sources import SourceOptions
from luthier.domain.imports import Import, ImportRequest
from luthier.domain.jobs import Progress
from luthier.domain.scenarios import ScenarioOptions
from luthier.server.api.access import PROBLEMS, OpenWorkspace
from luthier.server.api.paging import Cursor, Limit, Page, page_of
from luthier.server.api.views import RunProblem
from luthier.workspace import Workspace

router = APIRouter(prefix="/imports", tags=["datasets"], responses=PROBLEMS)


class NewSource(BaseModel):
    path: str = Field(default="", max_length=4096, description="of a file or folder of the server's machine, or a URL")
    upload_id: str | None = Field(default=None, max_length=64, description="of a file that was sent, instead of a path")
    shape: str | None = Field(default=None, max_length=40, description="how to read it; found out when left out")
    columns: dict[str, str] = Field(default={}, description="part of the shape -> column of the file")
    options: SourceOptions = SourceOptions()

    @model_validator(mode="after")
    def _names_one_source(self) -> Self:
        if bool(self.path) == (self.upload_id is not None):
            raise ValueError("give either a path or an upload_id")
        return self

    def request(self, workspace: Workspace) -> ImportRequest:
        """Raises what an unknown `upload_id` raises."""
        path = str(workspace.uploads.path(self.upload_id)) if self.upload_id else self.path
        return ImportRequest(**{**self.model_dump(), "path": path})


class NewImport(NewSource):
    name: str | None = Field(default=None, min_length=1, max_length=120)
    skip_bad_rows: bool = False
    scenarios: ScenarioOptions | None = Field(
        default=None, description="the path holds scenarios, to be turned into examples like this, or varied first"
    )

    @model_validator(mode="after")
    def _names_scenarios_by_path(self) -> Self:
        if self.scenarios is not None and not self.path:
            raise ValueError("scenarios are given by their path")
        return self


class ImportStep(BaseModel):
    what: str = Field(description="e.g. `reading rows`, `fetching data.jsonl`")
    done: int
    total: int = Field(description="0 while it is not known")
    unit: Literal["", "bytes"] = Field(description="of both; empty counts rows")

    @classmethod
    def of(cls, progress: Progress) -> "ImportStep":
        return cls(**{name: getattr(progress, name) for name in cls.model_fields})


class ImportView(BaseModel):
    import_id: str
    file: str
    state: WorkState
    rows: int = Field(description="rows of the source that are done")
    step: ImportStep | None = Field(description="what it does now, and how far that is; null when it is not running")
    dataset_id: str | None
    problem: RunProblem | None

    @classmethod
    def of(cls, job: Import) -> "ImportView":
        own = cls.model_fields.keys() - {"problem", "step"}
        return cls(
            **{name: getattr(job, name) for name in own},
            step=ImportStep.of(job.progress) if job.progress else None,
            problem=RunProblem.of(job.problem) if job.problem else None,
        )


@router.get("")
def list_imports(workspace: OpenWorkspace, limit: Limit = 50, cursor: Cursor = None) -> Page[ImportView]:
    shown = [ImportView.of(job) for job in workspace.imports.list()]
    return page_of(shown, lambda job: job.import_id, cursor, limit)


@router.post("", status_code=202)
def begin_import(workspace: OpenWorkspace, wanted: NewImport) -> ImportView:
    """Goes on in the background; ask for it until its state is neither `waiting` nor `running`."""
    return ImportView.of(workspace.imports.begin(wanted.request(workspace)))


@router.get("/{import_id}")
def get_import(workspace: OpenWorkspace, import_id: str) -> ImportView:
    return ImportView.of(workspace.imports.get(import_id))


@router.post("/{import_id}/cancel")
def cancel_import(workspace: OpenWorkspace, import_id: str) -> ImportView:
    """Nothing of it is kept."""
    return ImportView.of(workspace.imports.cancel(import_id))


@router.post("/{import_id}/resume")
def resume_import(workspace: OpenWorkspace, import_id: str) -> ImportView:
    """Goes on with one whose process ended."""
    return ImportView.of(workspace.imports.resume(import_id))
