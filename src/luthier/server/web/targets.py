"""What can be asked something: versions, runs and base models that are here, in groups to choose from."""

from collections.abc import Sequence
from dataclasses import dataclass

from luthier.domain.run_states import RunState
from luthier.services.models import STARTER
from luthier.workspace import Workspace

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


def target_groups(workspace: Workspace, asked: Sequence[str]) -> list[TargetGroup]:
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
