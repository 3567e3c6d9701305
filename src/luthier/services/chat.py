"""Chat: what a person means by a name, and the answers of what it names."""

from collections.abc import Generator
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from luthier.domain.chat import (
    Askable,
    ChatPiece,
    ChatRequest,
    ChatTarget,
    Embedding,
    EmbeddingRequest,
    Precision,
    TargetNotFound,
)
from luthier.domain.run_states import RunState
from luthier.domain.runs import Run, RunHasNoAdapter, RunNotFound
from luthier.domain.versions import Version, VersionNotFound
from luthier.services.models import STARTER, Models
from luthier.store import Store

_MOST_RUNS = 500  # that are told as something to ask


class Answering(Protocol):
    def stream(self, request: ChatRequest) -> Generator[ChatPiece, None, None]: ...

    def embed(self, request: EmbeddingRequest) -> tuple[Embedding, ...]: ...


class Chat:
    def __init__(self, store: Store, models: Models, answering: Answering, precision: Precision = "bf16") -> None:
        self._store = store
        self._models = models
        self._answering = answering
        self._precision: Precision = precision

    def resolve(self, reference: str, precision: Precision | None = None) -> ChatTarget:
        """A version, else a run, else a base model that is on this machine (the starter is fetched when it is not).

        It is loaded in `precision`, or in that of the settings.

        Raises TargetNotFound, RunHasNoAdapter, and what an ambiguous name or a base model raises.
        """
        return self._in_precision(self._find(reference) or self._base(reference), precision)

    def resolve_listed(self, reference: str) -> ChatTarget:
        """As `resolve`, without the folders of this machine: for who may ask its models and see nothing else of it."""
        found = self._find(reference)
        if found is None and reference not in {STARTER, *(model.name for model in self._models.list())}:
            raise TargetNotFound(name=reference)
        return self._in_precision(found or self._base(reference), None)

    def targets(self) -> list[Askable]:
        """Versions, runs that completed and base models that are here, the newest of each first."""
        with self._store.reading() as tx:
            versions = tx.versions.list()
            runs = [run for run in tx.runs.list(_MOST_RUNS, {RunState.COMPLETED}) if run.adapter_folder is not None]
        versioned = {version.run_id for version in versions}
        return [
            *(Askable(name=version.label, kind="version", created_at=version.created_at) for version in versions),
            *(
                Askable(name=run.name, kind="run", created_at=run.created_at)
                for run in runs
                if run.run_id not in versioned
            ),
            *(
                Askable(name=model.name, kind="base", created_at=_made_at(Path(model.folder)))
                for model in self._models.list()
            ),
        ]

    def _in_precision(self, found: ChatTarget, precision: Precision | None) -> ChatTarget:
        return found.model_copy(update={"precision": precision or self._precision})

    def _find(self, reference: str) -> ChatTarget | None:
        """A version, else a run."""
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
        return None

    def _base(self, reference: str) -> ChatTarget:
        if reference == STARTER or self._models.is_here(reference):
            return ChatTarget(label=reference, base_folder=self._models.get(reference).folder)
        raise TargetNotFound(name=reference)

    def stream(self, request: ChatRequest) -> Generator[ChatPiece, None, None]:
        """Blocks between pieces; closing it ends the work on the answer."""
        return self._answering.stream(request)

    def embed(self, request: EmbeddingRequest) -> tuple[Embedding, ...]:
        """What each text means to the target, as a vector of length 1."""
        return self._answering.embed(request)

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


def _made_at(folder: Path) -> datetime:
    return datetime.fromtimestamp(folder.stat().st_mtime, UTC)


def _places(is_whole: bool, base_folder: str, result_folder: str) -> dict[str, str]:
    """A result that is a whole model is asked by itself, without its base."""
    if is_whole:
        return {"base_folder": result_folder}
    return {"base_folder": base_folder, "adapter_folder": result_folder}
