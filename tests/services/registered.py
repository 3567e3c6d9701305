"""A version with real files in a workspace folder, and the services around it, on a store of their own."""

from collections.abc import Generator
from pathlib import Path
from typing import Any

from luthier.domain.chat import ChatPiece, ChatRequest, Embedding, EmbeddingRequest
from luthier.domain.versions import Version
from luthier.kit.files import sealed_folder, sha256_of
from luthier.services.chat import Chat
from luthier.services.deployments import Deployments
from luthier.services.disk_watch import DiskWatch
from luthier.services.drafts import Drafts
from luthier.services.folders import Folders
from luthier.services.model_removal import ModelRemoval
from luthier.services.models import Models
from luthier.services.runs import Runs
from luthier.services.versions import Versions
from luthier.settings import Settings
from luthier.store import Store
from tests.builders.versions import a_version
from tests.kit.clocks import PatientClock


class Answers:
    """Stands where the model process is: says the same to everybody, and remembers who was asked."""

    def __init__(self, text: str = "Good day.") -> None:
        self.text = text
        self.asked: list[str] = []

    def stream(self, request: ChatRequest) -> Generator[ChatPiece, None, None]:
        self.asked.append(request.target.label)
        yield ChatPiece(text=self.text, done=True)

    def embed(self, request: EmbeddingRequest) -> tuple[Embedding, ...]:
        return ()


def registered(store: Store, folders: Folders, **changes: Any) -> Version:
    """Stored, with sealed files in a run's folder."""
    version = a_version(**changes)
    place = folders.run(version.run_id).adapter
    with sealed_folder(place, {}) as staging:
        (staging / version.weights_file).write_bytes(version.version_id.encode())
    sha256 = sha256_of(place / version.weights_file)
    version = version.model_copy(update={"adapter_folder": str(place), "adapter_sha256": sha256})
    with store.writing() as tx:
        tx.versions.add(version)
    return version


def versions_of(store: Store, folders: Folders) -> Versions:
    return Versions(store, folders, _runs_of(store, folders), PatientClock())


def disk_watch_of(store: Store, folders: Folders) -> DiskWatch:
    drafts = Drafts(_runs_of(store, folders), folders, PatientClock())
    return DiskWatch(store, folders, ModelRemoval(store, _models_of(folders), drafts, PatientClock()), PatientClock())


def _runs_of(store: Store, folders: Folders) -> Runs:
    plans: Any = None  # nothing is planned
    return Runs(store, folders, plans, PatientClock(), wake=lambda: None)


def _models_of(folders: Folders) -> Models:
    folders.models.mkdir(exist_ok=True)
    settings = Settings(home=folders.root, hub_cache=Path(folders.root / "cache"), offline=True)
    return Models(settings, folders, PatientClock())


def deployments_of(store: Store, folders: Folders, answers: Answers, gate: Any = None) -> Deployments:
    chat = Chat(store, _models_of(folders), answers)
    return Deployments(store, versions_of(store, folders), chat, PatientClock(), gate)
