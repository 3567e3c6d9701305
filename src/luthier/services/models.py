"""Base models: which are here, which can be fetched, and whether what is here is what it was."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from luthier.connectors.cache import link_or_copy
from luthier.connectors.dequantising import dequantise
from luthier.connectors.gguf_models import describe_gguf
from luthier.connectors.model_folder import inspect_model_folder, inspect_outline, revision_of
from luthier.connectors.starter import Fetched, starter_facts
from luthier.domain.gguf import GgufChanged, GgufElsewhere, GgufFile, GgufNotTrainable
from luthier.domain.model_cards import HubCard
from luthier.domain.models import BaseModel, BaseModelNotFound, FolderIsNoModel, ModelDamaged, ModelShape
from luthier.kit.clock import Clock
from luthier.kit.files import MANIFEST_NAME, exists, read_json, sealed_folder, sha256_of, write_json
from luthier.services.folders import Folders
from luthier.services.model_sources import STARTER, ModelSources, OnProgress, folder_name, is_fetchable
from luthier.settings import Settings, process_environment

__all__ = ["STARTER", "Models", "starter_shape"]
_FACTS = "model.json"
_GGUF = ".gguf"


class Models:
    def __init__(self, settings: Settings, folders: Folders, clock: Clock) -> None:
        self._folders = folders
        self._sources = ModelSources(settings, clock)

    def get(self, reference: str, on_progress: OnProgress | None = None) -> BaseModel:
        """A folder's path, "starter", a hub id, or the name of a GGUF file of the workspace. The two in the middle are
        fetched when they are not here yet, and what is in such a file is turned into 16 bits once.

        Raises FolderIsNoModel, ModelRunsCode, ModelDamaged, GgufElsewhere, and what `pull` raises.
        """
        if _is_on_disk(reference):
            return self._local(Path(reference).expanduser().absolute(), on_progress)
        if not _is_name(reference):
            raise BaseModelNotFound(name=reference)
        return self.pull(reference, on_progress=on_progress)

    def outline(self, reference: str, on_progress: OnProgress | None = None) -> "tuple[BaseModel, int]":
        """As `get`, but of a hub id that is not here only what the weights are like; and how many bytes of them are
        not here. Its folder has everything else, so that examples can be read with its tokenizer.
        """
        if self.is_here(reference) or not self.has_outline(reference):
            return self.get(reference, on_progress), 0
        found = self._sources.outline(reference, on_progress)
        base = BaseModel(
            name=reference,
            folder=str(found.folder),
            source=found.source,
            revision=found.revision,
            licence=found.licence,
            shape=inspect_outline(found.folder),
        )
        return base, found.weight_bytes

    def pull(self, reference: str, *, again: bool = False, on_progress: OnProgress | None = None) -> BaseModel:
        """Brings "starter", a hub id, or the weights of a GGUF file into the workspace; what is here already is kept
        unless `again`.

        Raises BaseModelNotFound, GgufNotTrainable, GgufChanged, and what fetching raises.
        """
        if not _is_name(reference):
            return self.get(reference)
        if again or not self._is_installed(reference):
            if reference.endswith(_GGUF):
                self._convert(reference, on_progress)
            else:
                with self._sources.bringing(reference, again=again, on_progress=on_progress) as fetched:
                    self._install(fetched, reference)
        self._refuse_another_file(reference)
        return self._installed(reference)

    def has_outline(self, reference: str) -> bool:
        """Whether `outline` can tell what it is like without bringing it here."""
        return is_fetchable(reference) and reference != STARTER

    def can_be_brought(self, reference: str) -> bool:
        """Whether `pull` would try it."""
        return is_fetchable(reference) or self.is_gguf(reference)

    def is_gguf(self, reference: str) -> bool:
        """Whether a file of the workspace is called so."""
        return self._gguf_path(reference) is not None

    def search_hub(self, text: str) -> tuple[HubCard, ...]:
        """Asks the hub now, and waits for it. Raises HubUnreachable."""
        return self._sources.search_hub(text)

    def is_here(self, reference: str) -> bool:
        """Whether it can be had without fetching anything; a folder counts even when it is no model."""
        return _is_on_disk(reference) or (_is_name(reference) and self._is_installed(reference))

    def list(self) -> "list[BaseModel]":
        """Those in the workspace, the starter first."""
        facts = {path.parent: read_json(path)["name"] for path in self._folders.models.glob(f"*/{_FACTS}")}
        names = [name for folder, name in facts.items() if folder == self.place(name)]  # others are being written
        return [self._installed(name) for name in sorted(names, key=lambda name: (name != STARTER, name))]

    def place(self, reference: str) -> Path:
        """Where it lies in the workspace, or would."""
        return self._folders.models / folder_name(reference)

    def is_kept(self, reference: str) -> bool:
        """Whether its folder is in the workspace, whole or damaged."""
        return _is_name(reference) and self.place(reference).is_dir()

    def copies(self, reference: str) -> Sequence[Path]:
        """What the user's cache holds of it, which all workspaces share."""
        return self._sources.copies(reference)

    def while_nobody_fetches(self, reference: str) -> AbstractContextManager[None]:
        """Within, what is in the cache may be taken away. Raises ModelsBeingFetched."""
        return self._sources.while_nobody_fetches(reference)

    def gguf_files(self) -> Sequence[Path]:
        """Files that somebody laid among the models, for llama.cpp to run."""
        return sorted(self._folders.models.glob(f"**/*{_GGUF}"))

    def ggufs(self) -> Sequence[GgufFile]:
        """What these files are. Of several with the same name the first is the one that is meant by it."""
        named = {path.name: path for path in reversed(self.gguf_files())}
        return [describe_gguf(named[name]) for name in sorted(named)]

    def _is_installed(self, reference: str) -> bool:
        return (self.place(reference) / MANIFEST_NAME).is_file()

    def _gguf_path(self, reference: str) -> Path | None:
        return next((path for path in self.gguf_files() if path.name == reference), None)

    def _convert(self, reference: str, on_progress: OnProgress | None) -> None:
        path = self._gguf_path(reference)
        if path is None:
            raise BaseModelNotFound(name=reference)
        file, state = describe_gguf(path), _state_of(path)
        if not file.is_trainable:
            raise GgufNotTrainable(file=file.name, reason=file.damage or file.only_asked)
        with self._sources.alone(on_progress), sealed_folder(self.place(reference), {"name": reference}) as staging:
            dequantise(path, staging, process_environment(), on_progress)
            weights = inspect_model_folder(staging).weight_files
            facts = {
                "name": reference,
                "source": f"the GGUF file {path} in {file.quantisation}, turned into 16 bits",
                "licence": file.licence,
                "revision": revision_of({name: sha256_of(staging / name) for name in weights}),
                "file": state,
            }
            write_json(staging / _FACTS, facts)

    def _refuse_another_file(self, reference: str) -> None:
        """What was trained on the old weights must not be taken for trained on the new ones."""
        path = self._gguf_path(reference) if reference.endswith(_GGUF) else None
        if path is not None and read_json(self.place(reference) / _FACTS).get("file") != _state_of(path):
            raise GgufChanged(file=reference)

    def _install(self, fetched: Fetched, name: str) -> None:
        inspected = inspect_model_folder(fetched.folder)
        sealed = read_json(fetched.folder / MANIFEST_NAME)["files"]
        with sealed_folder(self.place(name), {"name": name}) as staging:
            for file in sealed:
                link_or_copy(fetched.folder / file, staging / file)
            facts = {
                "name": name,
                "source": fetched.source,
                "licence": fetched.licence,
                "revision": revision_of({file: sealed[file]["sha256"] for file in inspected.weight_files}),
            }
            write_json(staging / _FACTS, facts)

    def _installed(self, name: str) -> BaseModel:
        folder = self.place(name)
        try:
            facts = read_json(folder / _FACTS)
            inspected = inspect_model_folder(folder)
        except FolderIsNoModel as error:
            raise ModelDamaged(folder=folder, reason=error.problem.fields["reason"], name=name) from error
        except (OSError, ValueError) as error:
            raise ModelDamaged(folder=folder, reason=f"{_FACTS} cannot be read", name=name) from error
        if self._revision(folder, inspected.weight_files) != facts["revision"]:
            raise ModelDamaged(folder=folder, reason="its weights have changed since it was fetched", name=name)
        own = {key: value for key, value in facts.items() if key != "file"}
        return BaseModel(**own, folder=str(folder), shape=inspected.shape)

    def _local(self, folder: Path, on_progress: OnProgress | None) -> BaseModel:
        if folder.suffix == _GGUF and folder.is_file():
            if folder in self.gguf_files():
                return self.pull(folder.name, on_progress=on_progress)
            raise GgufElsewhere(file=folder, folder=self._folders.models, name=folder.name)
        inspected = inspect_model_folder(folder)
        return BaseModel(
            name=str(folder),
            folder=str(folder),
            source=f"the folder {folder}",
            revision=self._revision(folder, inspected.weight_files),
            licence="not stated",
            shape=inspected.shape,
        )

    def _revision(self, folder: Path, weight_files: tuple[str, ...]) -> str:
        """Hashing gigabytes takes seconds, so a file's hash is kept for as long as its size and time are the same."""
        index_file = self._folders.models / "hashes.json"
        index = read_json(index_file) if index_file.exists() else {}
        hashes, changed = {}, False
        for name in weight_files:
            path = folder / name
            state = [path.stat().st_size, path.stat().st_mtime_ns]
            known = index.get(str(path))
            if known is None or known["state"] != state:
                known = index[str(path)] = {"state": state, "sha256": sha256_of(path)}
                changed = True
            hashes[name] = known["sha256"]
        if changed:
            write_json(index_file, index)
        return revision_of(hashes)


def starter_shape() -> ModelShape:
    """Known before it is fetched."""
    return starter_facts().shape


def _is_name(reference: str) -> bool:
    """Whether a model in the workspace may be called so."""
    return is_fetchable(reference) or (reference.endswith(_GGUF) and Path(reference).name == reference)


def _state_of(path: Path) -> list[int]:
    status = path.stat()
    return [status.st_size, status.st_mtime_ns]


def _is_on_disk(reference: str) -> bool:
    """A file counts too: it is refused as no model instead of being looked for on the hub."""
    return reference not in ("", STARTER) and exists(Path(reference).expanduser())
