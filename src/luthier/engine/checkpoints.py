"""Checkpoints: everything a run needs to go on bit for bit, published whole, refused when they belong elsewhere.

Randomness and the order of data are functions of (seed, step), so a step number stands for both.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from pydantic import TypeAdapter
from torch import Tensor

from luthier.domain.adapters import AdapterSettings
from luthier.domain.health import AppliedRemedy, in_effect
from luthier.domain.jobs import Job
from luthier.domain.recipes import TrainingSettings
from luthier.domain.runs import CheckpointDamaged, CheckpointMismatch
from luthier.engine.crash_points import CrashPoints
from luthier.engine.determinism import fingerprint
from luthier.engine.optimiser import Optimiser
from luthier.engine.tensor_file import write_tensors
from luthier.engine.trained import Trained
from luthier.health.checkpoints import folder_of_step, sealed_checkpoints, surplus
from luthier.health.held_out import best_step
from luthier.health.watched import Watched
from luthier.kit.files import damage_of, folder_bytes, read_json, sealed_folder, write_json
from luthier.kit.frozen import Frozen

_VALUES = "adapter.safetensors"  # what is trained, an adapter or not
# Settings that touch no weight.
_FREE_TO_CHANGE = {"checkpoint_every", "keep_checkpoints", "evaluate_every", "processes", "parallelism", "device"}


_ADAPTER: TypeAdapter[AdapterSettings] = TypeAdapter(AdapterSettings)


class TrainingState(Frozen):
    """Where a run stands, apart from its tensors."""

    step: int = 0
    tokens: int = 0
    training_seconds: float = 0.0
    peak_rss_bytes: int = 0
    tokens_per_second: float = 0.0  # of the last step
    watched: Watched = Watched()
    held_out_losses: dict[int, float] = {}  # by step


class _Document(Frozen):
    """state.json"""

    state: TrainingState
    identity: dict[str, Any]
    fingerprint: dict[str, str]
    remedies: tuple[AppliedRemedy, ...] = ()  # under which its steps were taken


@dataclass(frozen=True)
class Saved:
    folder: Path
    bytes: int


def identity_of(job: Job) -> dict[str, Any]:
    """What must be the same for a checkpoint to be this job's, under the names that a sentence uses."""
    return {
        "data": job.data_sha256,
        "weights of the base model": job.base_revision,
        "adapter settings": job.adapter.model_dump(mode="json"),
        "training settings": job.settings.model_dump(mode="json", exclude=_FREE_TO_CHANGE),
        "method": job.method,
        "rewards": [reward.model_dump(mode="json") for reward in job.rewards],
    }


def _fingerprint_of(job: Job) -> dict[str, str]:
    settings = job.settings
    return {**fingerprint(), "processes": str(settings.processes), "parallelism": settings.parallelism}


def checkpoint_bytes(trained: Trained, optimiser: Optimiser) -> int:
    """Of its tensors."""
    return trained.parameters.values.nbytes + optimiser.moment_bytes


@dataclass(frozen=True, eq=False)
class Snapshot:
    """A moment of the training, ready to be written."""

    state: TrainingState
    values: dict[str, Tensor]
    moments: dict[str, Tensor]


def snapshot(
    state: TrainingState, trained: Trained, optimiser: Optimiser, aside: dict[str, Tensor] | None = None
) -> Snapshot:
    """A copy in `aside` stays as it is while training goes on; without one it is to be written before the next step.

    What `aside` holds is written over, because fresh memory costs more time than the copy.
    """
    values, moments = trained.parameters.values, optimiser.moments()
    if aside is not None:
        values = _copied("values", values, aside)
        moments = {name: _copied(f"moments {name}", tensor, aside) for name, tensor in moments.items()}
        if trained.parameters.values.is_cuda:
            torch.cuda.current_stream().synchronize()  # copies that were begun one after the other are done
    return Snapshot(state, trained.parameters.views(values), moments)


def _copied(name: str, tensor: Tensor, aside: dict[str, Tensor]) -> Tensor:
    """In the machine's memory, which costs a GPU none of its own; a GPU may still be copying."""
    if name not in aside:
        aside[name] = torch.empty_like(tensor, device="cpu", pin_memory=tensor.is_cuda)
    return aside[name].copy_(tensor.detach(), non_blocking=True)


def publish(
    checkpoints: Path, job: Job, taken: Snapshot, crash: CrashPoints, still_ours: Callable[[], None] = lambda: None
) -> Saved:
    """Publishes step-NNNNNN, and only when it reads back as written removes the oldest beyond what is kept.

    While somebody watches, one that a remedy can go back to is kept besides. `still_ours` does not return when the run
    has been given to another worker.
    """
    state = taken.state
    final = folder_of_step(checkpoints, state.step)
    remedies = in_effect(state.step, job.remedies)
    document = _Document(state=state, identity=identity_of(job), fingerprint=_fingerprint_of(job), remedies=remedies)
    with sealed_folder(final, {"step": state.step}, before_publishing=still_ours) as staging:
        write_tensors(staging / _VALUES, taken.values)
        write_tensors(staging / "optimiser.safetensors", taken.moments)
        write_json(staging / "state.json", document.model_dump(mode="json"))
        crash.reach("checkpoint_staged")
    crash.reach("checkpoint_published")
    damage = damage_of(final)
    if damage is not None:
        raise CheckpointDamaged(folder=final, reason=damage, run=job.run_id)
    well_until = None if job.health.policy == "off" else state.watched.calm_step
    best = best_step(state.held_out_losses) if job.settings.keep_best else None
    for folder in surplus(sealed_checkpoints(checkpoints), job.settings.keep_checkpoints, well_until, best):
        _remove(folder)
    crash.reach("checkpoint_pruned")
    return Saved(folder=final, bytes=folder_bytes(final))


def restore(
    folder: Path, job: Job, trained: Trained, optimiser: Optimiser, on_other_machine: Callable[[str], None]
) -> TrainingState:
    """Puts everything back. Raises CheckpointDamaged or CheckpointMismatch before anything has been changed.

    `on_other_machine` is called when the losses can follow only closely, not bit for bit.
    """
    document = _verified(folder, job)
    take_values(folder, trained)
    optimiser.restore(_read_tensors(folder / "optimiser.safetensors"))
    here = _fingerprint_of(job)
    changed = [name for name, value in document.fingerprint.items() if here.get(name) != value]
    if changed:
        on_other_machine(", ".join(changed))
    return document.state


def take_values(folder: Path, trained: Trained) -> None:
    """Puts the values of a sealed checkpoint in place."""
    trained.parameters.assign(_read_tensors(folder / _VALUES))
    trained.refresh()


def _verified(folder: Path, job: Job) -> _Document:
    damage = damage_of(folder)
    if damage is not None:
        raise CheckpointDamaged(folder=folder, reason=damage, run=job.run_id)
    document = _Document.model_validate(read_json(folder / "state.json"))
    stored = _as_written_today(document.identity)
    for what, value in identity_of(job).items():
        if stored.get(what) != value:
            raise CheckpointMismatch(step=document.state.step, what=what, run=job.run_id)
    if document.remedies != in_effect(document.state.step, job.remedies):
        raise CheckpointMismatch(step=document.state.step, what="remedies", run=job.run_id)
    return document


def _as_written_today(identity: dict[str, Any]) -> dict[str, Any]:
    """What was written before a setting existed was trained as that setting's default does."""
    adapter, settings = identity.get("adapter settings", {}), identity.get("training settings", {})
    fields = TrainingSettings.model_fields.items()
    known = {name: each.default for name, each in fields if not each.is_required() and name not in _FREE_TO_CHANGE}
    return {
        "rewards": [],
        **identity,
        "adapter settings": _ADAPTER.validate_python(adapter).model_dump(mode="json"),
        "training settings": {**known, **settings},
    }


def _read_tensors(path: Path) -> dict[str, Tensor]:
    return dict(safetensors.torch.load(path.read_bytes()))


def _remove(folder: Path) -> None:
    """The manifest goes first: what is half removed is no checkpoint."""
    (folder / "manifest.json").unlink()
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()
