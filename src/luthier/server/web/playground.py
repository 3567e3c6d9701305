"""The playground: one or two models, the same question, side by side."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from luthier.domain.run_states import RunState
from luthier.server.web.context import Context
from luthier.server.web.frame import Frame, frame_of, workspace_of
from luthier.server.web.rendering import render
from luthier.services.models import STARTER
from luthier.workspace import Workspace

router = APIRouter(include_in_schema=False)

_MOST_RUNS = 100


@dataclass(frozen=True, slots=True)
class Target:
    reference: str  # what the API resolves
    label: str
    system_prompt: str = ""  # what it was trained with


@dataclass(frozen=True, slots=True)
class TargetGroup:
    label: str
    targets: Sequence[Target]


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
    groups = _groups(workspace, (target, against))
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


def _groups(workspace: Workspace, asked: Sequence[str]) -> list[TargetGroup]:
    """What can be chatted with; a reference from the address that is in no list is offered as it was written."""
    runs = workspace.runs.list(_MOST_RUNS, {RunState.COMPLETED})
    prompts = {run.run_id: run.plan.system_prompt or "" for run in runs}
    tuned = [Target(run.run_id, run.name, prompts[run.run_id]) for run in runs if run.adapter_folder is not None]
    versions = [
        Target(version.version_id, version.label, prompts.get(version.run_id, ""))
        for version in workspace.versions.list()
    ]
    names = [model.name for model in workspace.models.list()]
    bases = [Target(name, name) for name in dict.fromkeys([STARTER, *names])]
    known = {target.reference for target in (*versions, *tuned, *bases)}
    others = [
        Target(reference, reference) for reference in dict.fromkeys(asked) if reference and reference not in known
    ]
    found = (("As asked", others), ("Versions", versions), ("Runs", tuned), ("Base models", bases))
    return [TargetGroup(label, targets) for label, targets in found if targets]


def _prompts(workspace: Workspace, target: str) -> list[str]:
    runs = {version.version_id: version.run_id for version in workspace.versions.list()}
    run_id = runs.get(target, target)
    if not run_id.startswith("run_"):
        return []
    return [sample.prompt for sample in workspace.runs.samples(run_id)][:3]
