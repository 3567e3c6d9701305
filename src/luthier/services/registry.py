"""Keeps beside the database what it says of versions, deployments, evaluations, gates and chats.

So it can be made again from the folders; of runs their own folders say everything.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

from luthier.domain.chats import KeptChat
from luthier.domain.deployments import Deployment
from luthier.domain.evaluations import CaseOutcome, Choice, Evaluation
from luthier.domain.gates import Gate
from luthier.domain.versions import Version
from luthier.kit.files import read_json, write_json
from luthier.kit.frozen import Frozen
from luthier.services.folders import Folders
from luthier.services.settling import version_moved
from luthier.store import Transaction

_DEPLOYMENTS, _GATES = "deployments.json", "gates.json"
K = TypeVar("K", bound=Frozen)
OnDamage = Callable[[str], None]  # gets the name of what cannot be read


class Registered(Frozen):
    workspace_folder: str  # where the paths in it began; a workspace can be moved
    version: Version | None  # None: it was removed, whatever the history of its run says


class Evaluated(Frozen):
    evaluation: Evaluation
    outcomes: tuple[CaseOutcome, ...]
    votes: dict[str, Choice]  # by case


def note_registered(tx: Transaction, folders: Folders) -> None:
    """Before the commit, like the histories of runs; what is written twice says the same."""
    for version_id, version in tx.versions.changed.items():
        registered = Registered(workspace_folder=str(folders.root), version=version)
        write_json(_place(folders, version_id), registered.model_dump(mode="json"))
    if tx.deployments.changed:
        write_json(folders.registry / _DEPLOYMENTS, [each.model_dump(mode="json") for each in tx.deployments.list()])
    for evaluation_id in tx.evaluations.changed:
        _keep(folders.evaluations / f"{evaluation_id}.json", _evaluated(tx, evaluation_id))
    if tx.evaluations.has_changed_gates:
        write_json(folders.evaluations / _GATES, [each.model_dump(mode="json") for each in tx.evaluations.gates()])
    for chat_id, chat in tx.chats.changed.items():
        _keep(folders.chats / f"{chat_id}.json", chat)


def registered_versions(folders: Folders, on_damage: OnDamage) -> Iterator[tuple[str, Version | None]]:
    """By id, as they were last."""
    for version_id, kept in _kept(folders.registry, "ver_*.json", Registered, on_damage):
        yield version_id, kept.version and version_moved(kept.version, kept.workspace_folder, folders.root)


def registered_deployments(folders: Folders) -> list[Deployment]:
    """Raises ValueError when the file is damaged."""
    path = folders.registry / _DEPLOYMENTS
    return [Deployment.model_validate(each) for each in read_json(path)] if path.exists() else []


def kept_evaluations(folders: Folders, on_damage: OnDamage) -> list[Evaluated]:
    """The oldest first."""
    found = [kept for _, kept in _kept(folders.evaluations, "eval_*.json", Evaluated, on_damage)]
    return sorted(found, key=lambda kept: (kept.evaluation.begun_at, kept.evaluation.evaluation_id))


def kept_gates(folders: Folders) -> list[Gate]:
    """Raises ValueError when the file is damaged."""
    path = folders.evaluations / _GATES
    return [Gate.model_validate(each) for each in read_json(path)] if path.exists() else []


def kept_chats(folders: Folders, on_damage: OnDamage) -> list[KeptChat]:
    """The oldest first."""
    found = [chat for _, chat in _kept(folders.chats, "chat_*.json", KeptChat, on_damage)]
    return sorted(found, key=lambda chat: (chat.created_at, chat.chat_id))


def _evaluated(tx: Transaction, evaluation_id: str) -> Evaluated | None:
    evaluation = tx.evaluations.get(evaluation_id)
    if evaluation is None:
        return None
    votes = tx.evaluations.votes(evaluation_id)
    return Evaluated(evaluation=evaluation, outcomes=tx.evaluations.outcomes(evaluation_id), votes=votes)


def _keep(path: Path, kept: Frozen | None) -> None:
    if kept is None:
        path.unlink(missing_ok=True)
    else:
        write_json(path, kept.model_dump(mode="json"))


def _kept(folder: Path, names: str, kind: type[K], on_damage: OnDamage) -> Iterator[tuple[str, K]]:
    for path in sorted(folder.glob(names)):
        try:
            yield path.stem, kind.model_validate(read_json(path))
        except (OSError, ValueError):
            on_damage(path.stem)


def _place(folders: Folders, version_id: str) -> Path:
    return folders.registry / f"{version_id}.json"
