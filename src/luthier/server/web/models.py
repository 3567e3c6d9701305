"""Base models to choose from: on the disk, published, and on the hub when it is asked; and fetching one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, get_args
from urllib.parse import urlsplit

from fastapi import APIRouter, Request
from fastapi.responses import Response

from luthier.domain.background import WorkState
from luthier.domain.downloads import Download
from luthier.domain.model_cards import PLACES, ModelChoice, ModelQuery, Place, PlaceFilter
from luthier.server.web.context import Context
from luthier.server.web.frame import Frame, frame_of, workspace_of
from luthier.server.web.leading import part_or_page
from luthier.server.web.rendering import render
from luthier.server.web.wizard_forms import Sent
from luthier.workspace import Workspace

router = APIRouter(prefix="/models", include_in_schema=False)

SIZES = {"1": "up to 1 B", "3": "up to 3 B", "8": "up to 8 B", "15": "up to 15 B"}  # thousand million weights


@dataclass(frozen=True, slots=True)
class ModelList(Context):
    template: ClassVar[str] = "fragments/model_list.html"

    query: ModelQuery
    choice: ModelChoice
    address: str  # of the page that it stands on
    frame: Frame
    places: Mapping[Place, str]


@dataclass(frozen=True, slots=True)
class DownloadsPart(Context):
    """Every download that is under way or needs somebody; keeps asking while one is under way."""

    template: ClassVar[str] = "fragments/downloads.html"

    downloads: Sequence[Download]


@dataclass(frozen=True, slots=True)
class ModelsPage(Context):
    template: ClassVar[str] = "pages/models.html"

    frame: Frame
    picker: "ModelPicker"


@dataclass(frozen=True, slots=True)
class ModelPicker(Context):
    """Filters, downloads and list together, as both the page and the wizard's step show them."""

    template: ClassVar[str] = "fragments/model_picker.html"

    models: ModelList
    downloads: DownloadsPart
    licences: Sequence[str]
    sizes: Mapping[str, str]


@router.get("")
def models(request: Request) -> Response:
    return render(ModelsPage(frame=frame_of(request), picker=picker_of(request, "/models")))


@router.get("/list")
def list_(request: Request, at: str = "/models") -> Response:
    """The list alone, as the filters of the page `at` ask for it."""
    return render(_list_of(request, at))


@router.get("/downloads")
def downloads(request: Request) -> Response:
    """Asked for again and again while something is fetched; what has arrived is told to the page."""
    workspace = workspace_of(request)
    part = _downloads_of(workspace)
    arrived = any(download.state is WorkState.DONE for download in workspace.downloads.list())
    answer = render(part)
    if arrived and not any(download.state.is_open for download in part.downloads):
        answer.headers["HX-Trigger"] = "model-here"
    return answer


@router.post("/downloads")
def begin(request: Request, sent: Sent) -> Response:
    workspace = workspace_of(request)
    workspace.downloads.begin(sent.get("model", ""))
    return _shown(request, workspace)


@router.post("/downloads/{download_id}/resume")
def resume(request: Request, download_id: str) -> Response:
    workspace_of(request).downloads.resume(download_id)
    return _shown(request, workspace_of(request))


@router.post("/downloads/{download_id}/cancel")
def cancel(request: Request, download_id: str) -> Response:
    workspace_of(request).downloads.cancel(download_id)
    return _shown(request, workspace_of(request))


def picker_of(request: Request, address: str) -> ModelPicker:
    workspace = workspace_of(request)
    return ModelPicker(
        models=_list_of(request, address),
        downloads=_downloads_of(workspace),
        licences=workspace.model_browser.licences(),
        sizes=SIZES,
    )


def _list_of(request: Request, address: str) -> ModelList:
    query = _query_of(request.query_params)
    choice = workspace_of(request).model_browser.find(query)
    return ModelList(query=query, choice=choice, address=address, frame=frame_of(request), places=PLACES)


def _query_of(asked: Mapping[str, str]) -> ModelQuery:
    """What makes no sense filters nothing: it is a link that somebody changed by hand."""
    place, sort, most = asked.get("place"), asked.get("sort"), asked.get("most", "")
    return ModelQuery(
        text=asked.get("q", "")[:200],
        place=next((known for known in get_args(PlaceFilter) if known == place), ""),
        fits_only="fits" in asked,
        licence=asked.get("licence", "")[:60],
        most_parameters=float(most) if most in SIZES else 0,
        ask_hub="hub" in asked,
        sort="name"
        if sort == "name"
        else "size"
        if sort == "size"
        else "downloads"
        if sort == "downloads"
        else "usual",
    )


def _downloads_of(workspace: Workspace) -> DownloadsPart:
    """The newest of each model, but for those that ended well or were called off."""
    newest = {download.model: download for download in reversed(workspace.downloads.list())}
    ended = (WorkState.DONE, WorkState.CANCELLED)
    return DownloadsPart(downloads=[each for each in newest.values() if each.state not in ended])


def _shown(request: Request, workspace: Workspace) -> Response:
    """The part alone for a page that is alive; without scripts, the page again."""
    address = urlsplit(request.headers.get("referer", "")).path or "/models"
    return part_or_page(request, _downloads_of(workspace), address)
