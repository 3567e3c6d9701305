"""What can be asked something: slots, versions, runs, exports and base models, in groups to choose from."""

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
    silent = {run.run_id for run in runs if run.plan.method == "reward"}
    tuned = [
        Target(run.run_id, run.name, prompts[run.run_id])
        for run in runs
        if run.adapter_folder is not None and run.run_id not in silent
    ]
    versions = [
        Target(version.version_id, version.label, prompts.get(version.run_id, ""))
        for version in workspace.versions.list()
        if version.run_id not in silent
    ]
    names = [model.name for model in workspace.models.list()]
    bases = [Target(name, name) for name in dict.fromkeys([STARTER, *names])]
    prompt_of = {target.reference: target.system_prompt for target in versions}
    slots = [
        Target(each.slot, f"{each.slot} ({each.serving.label})", prompt_of.get(each.serving.version_id, ""))
        for each in workspace.deployments.list()
    ]
    exports = [
        Target(each.name, workspace.exports.get(each.name).version + " in llama.cpp")
        for each in workspace.chat.targets()
        if each.kind == "export"
    ]
    known = {target.reference for target in (*slots, *versions, *tuned, *exports, *bases)}
    others = [
        Target(reference, reference) for reference in dict.fromkeys(asked) if reference and reference not in known
    ]
    found = (
        ("As asked", others),
        ("Versions", versions),
        ("Serving in slots", slots),
        ("Runs", tuned),
        ("Exports", exports),
        ("Base models", bases),
    )
    return [TargetGroup(label, targets) for label, targets in found if targets]
