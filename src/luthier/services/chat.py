"""Chat: what a person means by a name, and the answers of what it names."""

from collections.abc import Generator
from typing import Protocol

from luthier.domain.chat import ChatPiece, ChatRequest, ChatTarget, TargetNotFound
from luthier.domain.runs import Run, RunHasNoAdapter, RunNotFound
from luthier.domain.versions import Version, VersionNotFound
from luthier.services.models import STARTER, Models
from luthier.store import Store


class Answering(Protocol):
    def stream(self, request: ChatRequest) -> Generator[ChatPiece, None, None]: ...


class Chat:
    def __init__(self, store: Store, models: Models, answering: Answering) -> None:
        self._store = store
        self._models = models
        self._answering = answering

    def resolve(self, reference: str) -> ChatTarget:
        """A version, else a run, else a base model that is on this machine (the starter is fetched when it is not).

        Raises TargetNotFound, RunHasNoAdapter, and what an ambiguous name or a base model raises.
        """
        version = self._version(reference)
        if version is not None:
            origin = self._run(version.run_id)
            return ChatTarget(
                label=version.label,
                **_places(version.kind == "model", version.base_folder, version.adapter_folder),
                system_prompt=origin.plan.system_prompt if origin is not None else None,
            )
        run = self._run(reference)
        if run is not None:
            if run.adapter_folder is None:
                raise RunHasNoAdapter(run=run.name, state=run.state.value)
            return ChatTarget(
                label=run.name,
                **_places(run.plan.adapter.kind == "full", run.base_folder, run.adapter_folder),
                system_prompt=run.plan.system_prompt,
            )
        if reference == STARTER or self._models.is_here(reference):
            return ChatTarget(label=reference, base_folder=self._models.get(reference).folder)
        raise TargetNotFound(name=reference)

    def stream(self, request: ChatRequest) -> Generator[ChatPiece, None, None]:
        """Blocks between pieces; closing it ends the work on the answer."""
        return self._answering.stream(request)

    def _version(self, reference: str) -> Version | None:
        try:
            with self._store.reading() as tx:
                return tx.versions.find(reference)
        except VersionNotFound:
            return None

    def _run(self, reference: str) -> Run | None:
        try:
            with self._store.reading() as tx:
                return tx.runs.find(reference)
        except RunNotFound:
            return None


def _places(is_whole: bool, base_folder: str, result_folder: str) -> dict[str, str]:
    """A result that is a whole model is asked by itself, without its base."""
    if is_whole:
        return {"base_folder": result_folder}
    return {"base_folder": base_folder, "adapter_folder": result_folder}
