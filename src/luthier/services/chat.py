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
    Likelihood,
    LikelihoodRequest,
    NoChatFile,
    Precision,
    TargetNotFound,
)
from luthier.domain.checkpoint_names import CheckpointName, checkpoint_named
from luthier.domain.exports import ExportNotFound
from luthier.domain.run_states import RunState
from luthier.domain.runs import Run, RunHasNoAdapter, RunNotFound
from luthier.domain.versions import RewardModelSilent, Version, VersionNotFound
from luthier.services.checkpoint_results import CheckpointResults
from luthier.services.models import STARTER, Models
from luthier.store import Store

_MOST_RUNS = 500  # that are told as something to ask


class Answering(Protocol):
    def stream(self, request: ChatRequest) -> Generator[ChatPiece, None, None]: ...

    def embed(self, request: EmbeddingRequest) -> tuple[Embedding, ...]: ...

    def weigh(self, request: LikelihoodRequest) -> Likelihood: ...


class Chat:
    """Without `checkpoints` those of runs cannot be asked."""

    def __init__(
        self,
        store: Store,
        models: Models,
        answering: Answering,
        precision: Precision = "bf16",
        checkpoints: CheckpointResults | None = None,
    ) -> None:
        self._store = store
        self._models = models
        self._answering = answering
        self._precision: Precision = precision
        self._checkpoints = checkpoints

    def resolve(self, reference: str, precision: Precision | None = None) -> ChatTarget:
        """What serves in a slot, else a version, a run, its checkpoint (RUN@step-40), or a base model on this machine.

        The starter is fetched, and what a checkpoint holds is written as a result, where it is not here yet.
        It is loaded in `precision`, or in that of the settings.

        Raises TargetNotFound, RunHasNoAdapter, CheckpointNotThere, CheckpointUnusable,
        and what an ambiguous name or a base model raises.
        """
        return self._in_precision(self._find(reference) or self._base(reference), precision)

    def resolve_listed(self, reference: str) -> ChatTarget:
        """As `resolve`, without the folders of this machine: for who may ask its models and see nothing else of it."""
        found = self._find(reference)
        if found is None and reference not in {STARTER, *(model.name for model in self._models.list())}:
            raise TargetNotFound(name=reference)
        return self._in_precision(found or self._base(reference), None)

    def targets(self) -> list[Askable]:
        """Slots, versions, completed runs and base models that are here, the newest of each first."""
        with self._store.reading() as tx:
            deployments = tx.deployments.list()
            versions = tx.versions.list()
            runs = [run for run in tx.runs.list(_MOST_RUNS, {RunState.COMPLETED}) if run.adapter_folder is not None]
            exports = [each for each in tx.exports.list() if each.request.form in ("gguf", "ollama", "lmstudio")]
        versioned = {version.run_id for version in versions}
        silent = {run.run_id for run in runs if run.plan.method == "reward"}
        return [
            *(Askable(name=each.slot, kind="deployment", created_at=each.serving.since) for each in deployments),
            *(
                Askable(name=version.label, kind="version", created_at=version.created_at)
                for version in versions
                if version.run_id not in silent
            ),
            *(
                Askable(name=run.name, kind="run", created_at=run.created_at)
                for run in runs
                if run.run_id not in versioned | silent
            ),
            *(Askable(name=each.export_id, kind="export", created_at=each.begun_at) for each in exports),
            *(Askable(name=each.name, kind="base", created_at=_made_at(each)) for each in self._models.gguf_files()),
            *(
                Askable(name=model.name, kind="base", created_at=_made_at(Path(model.folder)))
                for model in self._models.list()
            ),
        ]

    def _in_precision(self, found: ChatTarget, precision: Precision | None) -> ChatTarget:
        return found.model_copy(update={"precision": precision or self._precision})

    def _find(self, reference: str) -> ChatTarget | None:
        """What serves in a slot, else a version, a run, an export, or a GGUF file among the models."""
        version = self._serving(reference) or self._version(reference)
        if version is not None:
            origin = self._run(version.run_id)
            if origin is not None:
                _refuse_silent(origin, version.label)
            return ChatTarget(
                label=version.label,
                **_places(version.kind == "model", version.base_folder, version.adapter_folder),
                system_prompt=origin.plan.system_prompt if origin is not None else None,
            )
        run = self._run(reference)
        if run is not None:
            if run.adapter_folder is None:
                raise RunHasNoAdapter(run=run.name, state=run.state.value)
            _refuse_silent(run, run.name)
            return ChatTarget(
                label=run.name,
                **_places(run.plan.adapter.kind == "full", run.base_folder, run.adapter_folder),
                system_prompt=run.plan.system_prompt,
            )
        return self._checkpoint(checkpoint_named(reference)) or self._export(reference) or self._file(reference)

    def _checkpoint(self, name: CheckpointName | None) -> ChatTarget | None:
        run = self._run(name.run) if name is not None else None
        if name is None or run is None or self._checkpoints is None:
            return None
        label = str(CheckpointName(run.name, name.step))
        _refuse_silent(run, label)
        folder = str(self._checkpoints.folder_for(run, name.step))
        return ChatTarget(
            label=label,
            **_places(run.plan.adapter.kind == "full", run.base_folder, folder),
            system_prompt=run.plan.system_prompt,
        )

    def _export(self, reference: str) -> ChatTarget | None:
        """The one file of an export that llama.cpp runs by itself. Raises NoChatFile for other forms."""
        try:
            with self._store.reading() as tx:
                export = tx.exports.find(reference)
                version = tx.versions.get(export.version_id)
        except ExportNotFound:
            return None
        files = [file.name for file in export.files if file.name.endswith(".gguf")]
        if export.request.form == "gguf-adapter" or len(files) != 1:
            raise NoChatFile(name=export.export_id, form=export.request.form)
        origin = self._run(version.run_id) if version is not None else None
        return ChatTarget(
            label=f"{export.version} as {export.request.quant}",
            base_folder=str(Path(export.folder) / files[0]),
            system_prompt=origin.plan.system_prompt if origin is not None else None,
        )

    def _file(self, reference: str) -> ChatTarget | None:
        """A GGUF file that lies in the workspace's models."""
        file = next((each for each in self._models.gguf_files() if each.name == reference), None)
        return None if file is None else ChatTarget(label=reference, base_folder=str(file))

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

    def weigh(self, request: LikelihoodRequest) -> Likelihood:
        """How likely the target holds a text that is given."""
        return self._answering.weigh(request)

    def _serving(self, slot: str) -> Version | None:
        with self._store.reading() as tx:
            deployment = tx.deployments.find(slot)
            return tx.versions.get(deployment.serving.version_id) if deployment else None

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


def _refuse_silent(run: Run, name: str) -> None:
    if run.plan.method == "reward":
        raise RewardModelSilent(name=name)


def _made_at(folder: Path) -> datetime:
    return datetime.fromtimestamp(folder.stat().st_mtime, UTC)


def _places(is_whole: bool, base_folder: str, result_folder: str) -> dict[str, str]:
    """A result that is a whole model is asked by itself, without its base."""
    if is_whole:
        return {"base_folder": result_folder}
    return {"base_folder": base_folder, "adapter_folder": result_folder}
