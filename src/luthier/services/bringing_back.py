"""Puts back into an empty store what was kept beside the lost one, and says by name what cannot be read."""

from collections.abc import Callable
from typing import TypeVar

from luthier.domain.exports import Export
from luthier.domain.reindexing import NotBroughtBack
from luthier.kit.files import read_json
from luthier.services.folders import Folders
from luthier.services.registry import kept_chats, kept_evaluations, kept_gates, registered_deployments
from luthier.store import Store

K = TypeVar("K")


def bring_back_kept(store: Store, folders: Folders, lost: list[NotBroughtBack]) -> None:
    """Deployments, exports, evaluations with their votes, gates and chats; `lost` gets what is damaged."""

    def damaged(what: str, reason: str) -> None:
        lost.append(NotBroughtBack(what=what, reason=reason))

    def all_of(what: str, read: Callable[[Folders], list[K]]) -> list[K]:
        try:
            return read(folders)
        except (OSError, ValueError):
            damaged(what, "their file cannot be read")
            return []

    for deployment in all_of("deployments", registered_deployments):
        with store.writing() as tx:
            tx.deployments.put(deployment)
    for folder in sorted(folders.exports.glob("exp_*")):
        try:
            export = Export.model_validate(read_json(folder / "export.json"))
        except (OSError, ValueError):
            damaged(f"export {folder.name}", "its export.json cannot be read")
            continue
        with store.writing() as tx:
            tx.exports.add(export.model_copy(update={"folder": str(folder / "files")}))
    for kept in kept_evaluations(folders, lambda name: damaged(f"evaluation {name}", "its file cannot be read")):
        with store.writing() as tx:
            tx.evaluations.add(kept.evaluation, kept.outcomes)
            for case_id, choice in kept.votes.items():
                tx.evaluations.vote(kept.evaluation.evaluation_id, case_id, choice)
    for gate in all_of("gates", kept_gates):
        with store.writing() as tx:
            tx.evaluations.put_gate(gate)
    for chat in kept_chats(folders, lambda name: damaged(f"chat {name}", "its file cannot be read")):
        with store.writing() as tx:
            tx.chats.add(chat)
