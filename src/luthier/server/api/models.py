"""Base models over HTTP: what is here, what could be, and fetching one."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from luthier.domain.background import WorkState
from luthier.domain.downloads import Download
from luthier.domain.model_cards import ModelChoice, ModelQuery
from luthier.domain.model_comparisons import ModelComparison
from luthier.domain.model_use import ModelRemoved, ModelUse
from luthier.server.api.access import PROBLEMS, OpenWorkspace
from luthier.server.api.imports import ImportStep
from luthier.server.api.paging import Cursor, Limit, Page, page_of
from luthier.server.api.views import BaseModelView, RunProblem

router = APIRouter(prefix="/models", tags=["models"], responses=PROBLEMS)


class Pull(BaseModel):
    reference: str = Field(min_length=1, max_length=4096, description='"starter", a hub id, or a folder')
    again: bool = Field(default=False, description="fetch it anew although it is here")


@router.get("")
def list_models(workspace: OpenWorkspace, limit: Limit = 50, cursor: Cursor = None) -> Page[BaseModelView]:
    shown = [BaseModelView.of(model) for model in workspace.models.list()]
    return page_of(shown, lambda model: model.name, cursor, limit)


class NamedModel(BaseModel):
    model: str = Field(min_length=1, max_length=200, description='"starter" or a hub id')


class DownloadView(BaseModel):
    download_id: str
    model: str
    state: WorkState
    started_at: datetime
    step: ImportStep | None = Field(description="what it does now, and how far that is; null when it is not running")
    problem: RunProblem | None

    @classmethod
    def of(cls, download: Download) -> "DownloadView":
        own = cls.model_fields.keys() - {"problem", "step"}
        return cls(
            **{name: getattr(download, name) for name in own},
            step=ImportStep.of(download.progress) if download.progress else None,
            problem=RunProblem.of(download.problem) if download.problem else None,
        )


@router.get("/search")
def search_models(workspace: OpenWorkspace, query: Annotated[ModelQuery, Query()]) -> ModelChoice:
    """Models here, well-known ones, and those of the hub: asked now with `ask_hub`, else as it last said."""
    return workspace.model_browser.find(query)


ModelName = Annotated[str, Query(min_length=1, max_length=4096, description='"starter" or a hub id')]


@router.get("/compare")
def compare_models(
    workspace: OpenWorkspace,
    model: Annotated[list[str], Query(max_length=10, description="two or three: names, hub ids or folders")],
    ask_hub: Annotated[bool, Query(description="fetch what is not known of those not here, but no weights")] = False,
) -> ModelComparison:
    """Sizes, context, licence, family, tokenizer, and whether they fit this machine; what is not known is null."""
    return workspace.model_comparisons.of(model, ask_hub=ask_hub)


@router.get("/use")
def get_model_use(workspace: OpenWorkspace, model: ModelName) -> ModelUse:
    """What needs a model, and what the disk would get back without it."""
    return workspace.model_removal.use(model)


@router.post("/remove")
def remove_model(workspace: OpenWorkspace, wanted: NamedModel) -> ModelRemoved:
    """With its fetched copy, for good; one that a run or a version needs is refused."""
    return workspace.model_removal.remove(wanted.model)


@router.get("/downloads")
def list_downloads(workspace: OpenWorkspace, limit: Limit = 50, cursor: Cursor = None) -> Page[DownloadView]:
    """Newest first."""
    shown = [DownloadView.of(download) for download in workspace.downloads.list()]
    return page_of(shown, lambda download: download.download_id, cursor, limit)


@router.post("/downloads", status_code=202)
def begin_download(workspace: OpenWorkspace, wanted: NamedModel) -> DownloadView:
    """Goes on in the background; ask for it until its state is neither `waiting` nor `running`."""
    return DownloadView.of(workspace.downloads.begin(wanted.model))


@router.get("/downloads/{download_id}")
def get_download(workspace: OpenWorkspace, download_id: str) -> DownloadView:
    return DownloadView.of(workspace.downloads.get(download_id))


@router.post("/downloads/{download_id}/cancel")
def cancel_download(workspace: OpenWorkspace, download_id: str) -> DownloadView:
    """What arrived is kept for the next time."""
    return DownloadView.of(workspace.downloads.cancel(download_id))


@router.post("/downloads/{download_id}/resume")
def resume_download(workspace: OpenWorkspace, download_id: str) -> DownloadView:
    """Goes on with one whose process ended."""
    return DownloadView.of(workspace.downloads.resume(download_id))


@router.post("/pull")
def pull_model(workspace: OpenWorkspace, pull: Pull) -> BaseModelView:
    """Answers when the model is here and verified, which can take minutes."""
    return BaseModelView.of(workspace.models.pull(pull.reference, again=pull.again))
