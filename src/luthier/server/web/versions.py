"""The pages of the versions: all of them, and one with its proof."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from luthier.domain.evaluations import EvaluationReport
from luthier.domain.runs import RunNotFound
from luthier.domain.versions import Version
from luthier.server.web.context import Context
from luthier.server.web.exports import VersionExports, exports_of
from luthier.server.web.frame import Frame, frame_of, workspace_of
from luthier.server.web.rendering import render
from luthier.workspace import Workspace

router = APIRouter(prefix="/versions", include_in_schema=False)


@dataclass(frozen=True, slots=True)
class VersionsPage(Context):
    template: ClassVar[str] = "pages/versions.html"

    frame: Frame
    versions: Sequence[Version]


@dataclass(frozen=True, slots=True)
class VersionPage(Context):
    template: ClassVar[str] = "pages/version.html"

    frame: Frame
    version: Version
    evaluation: EvaluationReport | None
    exports: VersionExports


@router.get("")
def versions(request: Request) -> HTMLResponse:
    return render(VersionsPage(frame=frame_of(request), versions=workspace_of(request).versions.list()))


@router.get("/{reference}")
def version(request: Request, reference: str) -> HTMLResponse:
    workspace = workspace_of(request)
    found = workspace.versions.get(reference)
    exports = exports_of(request, found.version_id)
    evaluation = _proof_of(workspace, found)
    return render(VersionPage(frame=frame_of(request), version=found, evaluation=evaluation, exports=exports))


def _proof_of(workspace: Workspace, version: Version) -> EvaluationReport | None:
    """A version outlives its run."""
    try:
        return workspace.runs.evaluation(version.run_id)
    except RunNotFound:
        return None
