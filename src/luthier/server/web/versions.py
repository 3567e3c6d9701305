"""The pages of the versions: the timeline with its lineage, one with its proof, and two compared."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from luthier.domain.demos import Demo, DemoNotFound, demo_wanted
from luthier.domain.deployments import Deployment
from luthier.domain.evaluations import Evaluation, EvaluationReport
from luthier.domain.merges import HOWS, How
from luthier.domain.quality_reports import QualityReport
from luthier.domain.runs import RunNotFound
from luthier.domain.version_comparisons import VersionComparison
from luthier.domain.versions import Version
from luthier.server.web.context import Context
from luthier.server.web.exports import VersionExports, exports_of
from luthier.server.web.frame import Frame, frame_of, workspace_of
from luthier.server.web.lineage import Picture, picture_of
from luthier.server.web.rendering import render
from luthier.workspace import Workspace

router = APIRouter(prefix="/versions", include_in_schema=False)


@dataclass(frozen=True, slots=True)
class VersionsPage(Context):
    template: ClassVar[str] = "pages/versions.html"

    frame: Frame
    versions: Sequence[Version]
    picture: Picture | None  # None where there is nothing to draw
    serving: dict[str, str]  # version -> slot
    words: str
    tag: str
    tags: Sequence[str]  # that there are
    is_low: bool  # on space


@dataclass(frozen=True, slots=True)
class VersionPage(Context):
    template: ClassVar[str] = "pages/version.html"

    frame: Frame
    version: Version
    evaluation: EvaluationReport | None
    children: Sequence[Version]
    others: Sequence[Version]  # to be compared with
    slots: Sequence[Deployment]  # in which it serves
    quality: QualityReport | None
    evaluations: Sequence[Evaluation]
    exports: VersionExports
    demo: Demo | None


@dataclass(frozen=True, slots=True)
class ComparisonPage(Context):
    template: ClassVar[str] = "pages/version_comparison.html"

    frame: Frame
    found: VersionComparison
    differing: Sequence[int]  # places of answers of which one alone is right
    can_merge: bool  # adapters of one base, or whole models that were tuned from one
    hows: dict[How, str]


@router.get("")
def versions(request: Request, q: str = "", tag: str = "") -> HTMLResponse:
    workspace = workspace_of(request)
    everything = workspace.versions.list()
    found = workspace.versions.list(q, tag or None) if q or tag else everything
    serving = {each.serving.version_id: each.slot for each in workspace.deployments.list()}
    page = VersionsPage(
        frame=frame_of(request),
        versions=found,
        picture=picture_of(found, frozenset(serving)) if len(found) > 1 else None,
        serving=serving,
        words=q,
        tag=tag,
        tags=sorted({each for version in everything for each in version.tags}),
        is_low=workspace.disk.is_low(),
    )
    return render(page)


@router.get("/compare")
def compare(request: Request, first: str, second: str) -> HTMLResponse:
    found = workspace_of(request).versions.compare(first, second)
    differing = [place for place, each in enumerate(found.answers) if each.right[0] != each.right[1]]
    can_merge = len({(each.base_revision, each.kind) for each in (found.first, found.second)}) == 1
    is_ranked = found.first.kind == "adapter"
    hows = {how: words for how, words in HOWS.items() if is_ranked or how != "svd"}
    page = ComparisonPage(frame=frame_of(request), found=found, differing=differing, can_merge=can_merge, hows=hows)
    return render(page)


@router.get("/{reference}")
def version(request: Request, reference: str) -> HTMLResponse:
    workspace = workspace_of(request)
    found = workspace.versions.get(reference)
    slots = workspace.deployments.list()
    page = VersionPage(
        frame=frame_of(request),
        version=found,
        evaluation=workspace.versions.evaluation(found),
        quality=None if found.merging else _quality_of(workspace, found),
        evaluations=workspace.evaluations.list(version_id=found.version_id),
        children=workspace.versions.children(found.version_id),
        others=[each for each in workspace.versions.list() if each.version_id != found.version_id],
        slots=[each for each in slots if each.serving.version_id == found.version_id],
        exports=exports_of(request, found.version_id),
        demo=_demo_of(workspace, found),
    )
    return render(page)


@router.post("/{reference}/deploy")
def deploy(request: Request, reference: str, slot: Annotated[str, Form()]) -> Response:
    workspace_of(request).rollouts.deploy(reference, slot.strip())
    return RedirectResponse("/deployments", status_code=303)


@router.post("/{reference}/tags")
def tag(request: Request, reference: str, tag: Annotated[str, Form()]) -> Response:
    return _back(workspace_of(request).versions.tag(reference, tag.strip()))


@router.post("/{reference}/tags/{tag}/remove")
def untag(request: Request, reference: str, tag: str) -> Response:
    return _back(workspace_of(request).versions.untag(reference, tag))


@router.post("/{reference}/note")
def note(request: Request, reference: str, text: Annotated[str, Form()] = "") -> Response:
    return _back(workspace_of(request).versions.note(reference, text))


@router.post("/{reference}/number")
def number(request: Request, reference: str, number: Annotated[str, Form()]) -> Response:
    return _back(workspace_of(request).versions.create(reference, number=number.strip()))


@router.post("/{reference}/remove")
def remove(request: Request, reference: str) -> Response:
    workspace_of(request).versions.remove(reference)
    return RedirectResponse("/versions", status_code=303)


@router.post("/{reference}/demo")
def write_demo(
    request: Request, reference: str, inputs: Annotated[str, Form()], outputs: Annotated[str, Form()]
) -> Response:
    workspace = workspace_of(request)
    workspace.demos.write(reference, demo_wanted(inputs, outputs))
    return _back(workspace.versions.get(reference))


@router.post("/{reference}/demo/start")
def start_demo(request: Request, reference: str) -> Response:
    workspace_of(request).demos.start(reference)
    return _back(workspace_of(request).versions.get(reference))


@router.post("/{reference}/demo/stop")
def stop_demo(request: Request, reference: str) -> Response:
    workspace_of(request).demos.stop(reference)
    return _back(workspace_of(request).versions.get(reference))


def _demo_of(workspace: Workspace, version: Version) -> Demo | None:
    try:
        return workspace.demos.get(version.version_id)
    except DemoNotFound:
        return None


def _back(version: Version) -> Response:
    return RedirectResponse(f"/versions/{version.version_id}", status_code=303)


def _quality_of(workspace: Workspace, version: Version) -> QualityReport | None:
    try:
        return workspace.quality_reports.known(version.run_id)
    except RunNotFound:
        return None
