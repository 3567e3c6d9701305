"""The playground: one or two models, the same question, side by side."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from luthier.server.web.context import Context
from luthier.server.web.frame import Frame, frame_of, workspace_of
from luthier.server.web.rendering import render
from luthier.server.web.targets import TargetGroup, target_groups
from luthier.workspace import Workspace

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class PlaygroundPage(Context):
    template: ClassVar[str] = "pages/playground.html"

    frame: Frame
    groups: Sequence[TargetGroup]
    target: str
    against: str  # empty for one column
    system_prompt: str  # of the first model
    prompts: Sequence[str]  # suggestions: what the run's held-out examples asked


@router.get("/playground")
def playground(request: Request, target: str = "", against: str = "") -> HTMLResponse:
    workspace = workspace_of(request)
    groups = target_groups(workspace, (target, against))
    chosen = target or groups[0].targets[0].reference
    page = PlaygroundPage(
        frame=frame_of(request),
        groups=groups,
        target=chosen,
        against=against,
        system_prompt=next(
            target.system_prompt for group in groups for target in group.targets if target.reference == chosen
        ),
        prompts=_prompts(workspace, chosen),
    )
    return render(page)


def _prompts(workspace: Workspace, target: str) -> list[str]:
    runs = {version.version_id: version.run_id for version in workspace.versions.list()}
    run_id = runs.get(target, target)
    if not run_id.startswith("run_"):
        return []
    return [sample.prompt for sample in workspace.runs.samples(run_id)][:3]
