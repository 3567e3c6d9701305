"""Checkpoints: everything a run needs to go on bit for bit, published whole, refused when they belong elsewhere.

Randomness and the order of data are functions of (seed, step), so a step number stands for both.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import safetensors.torch
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
from luthier.engine.trained import Trained
from luthier.health.checkpoints import folder_of_step, sealed_checkpoints, surplus
from luthier.health.watched import Watched
from luthier.kit.files import damage_of, folder_bytes, read_json, sealed_folder, write_json
from luthier.kit.frozen import Frozen

_VALUES = "adapter.safetensors"  # what is trained, an adapter or not
_FREE_TO_CHANGE = {"checkpoint_every", "keep_checkpoints", "evaluate_every"}  # settings that touch no weight


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
    }


def save(
    checkpoints: Path, job: Job, state: TrainingState, trained: Trained, optimiser: Optimiser, crash: CrashPoints
) -> Saved:
    """Publishes step-NNNNNN, and only when it reads back as written removes the oldest beyond what is kept.

    While somebody watches, one that a remedy can go back to is kept besides.
    """
    final = folder_of_step(checkpoints, state.step)
    remedies = in_effect(state.step, job.remedies)
    document = _Document(state=state, identity=identity_of(job), fingerprint=fingerprint(), remedies=remedies)
    with sealed_folder(final, {"step": state.step}) as staging:
        _write_tensors(staging / _VALUES, trained.parameters.views(trained.parameters.values))
        _write_tensors(staging / "optimiser.safetensors", optimiser.moments())
        write_json(staging / "state.json", document.model_dump(mode="json"))
        crash.reach("checkpoint_staged")
    crash.reach("checkpoint_published")
    damage = damage_of(final)
    if damage is not None:
        raise CheckpointDamaged(folder=final, reason=damage, run=job.run_id)
    well_until = None if job.health.policy == "off" else state.watched.calm_step
    for folder in surplus(sealed_checkpoints(checkpoints), job.settings.keep_checkpoints, well_until):
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
    trained.parameters.assign(_read_tensors(folder / _VALUES))
    trained.refresh()
    optimiser.restore(_read_tensors(folder / "optimiser.safetensors"))
    here = fingerprint()
    changed = [name for name, value in document.fingerprint.items() if here.get(name) != value]
    if changed:
        on_other_machine(", ".join(changed))
    return document.state


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
    known = {name: field.default for name, field in TrainingSettings.model_fields.items() if not field.is_required()}
    return {
        **identity,
        "adapter settings": _ADAPTER.validate_python(adapter).model_dump(mode="json"),
        "training settings": {**known, **settings},
    }


def _write_tensors(path: Path, tensors: dict[str, Tensor]) -> None:
    # Bytes go through Python's own file, whose OSError tells a full disk from a defect.
    whole = {name: tensor.detach().clone().contiguous() for name, tensor in tensors.items()}
    path.write_bytes(safetensors.torch.save(whole))


def _read_tensors(path: Path) -> dict[str, Tensor]:
    return dict(safetensors.torch.load(path.read_bytes()))


def _remove(folder: Path) -> None:
    """The manifest goes first: what is half removed is no checkpoint."""
    (folder / "manifest.json").unlink()
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()
