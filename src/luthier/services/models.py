"""Base models: which are here, which can be fetched, and whether what is here is what it was."""

from pathlib import Path

from luthier.connectors.cache import link_or_copy
from luthier.connectors.model_folder import inspect_model_folder, revision_of
from luthier.connectors.starter import Fetched, starter_facts
from luthier.domain.models import BaseModel, BaseModelNotFound, FolderIsNoModel, ModelDamaged, ModelShape
from luthier.kit.clock import Clock
from luthier.kit.files import MANIFEST_NAME, exists, read_json, sealed_folder, sha256_of, write_json
from luthier.services.folders import Folders
from luthier.services.model_sources import STARTER, ModelSources, OnProgress, folder_name, is_fetchable
from luthier.settings import Settings

__all__ = ["STARTER", "Models", "starter_shape"]
_FACTS = "model.json"


class Models:
    def __init__(self, settings: Settings, folders: Folders, clock: Clock) -> None:
        self._folders = folders
        self._sources = ModelSources(settings, clock)

    def get(self, reference: str, on_progress: OnProgress | None = None) -> BaseModel:
        """A folder's path, "starter", or a hub id; the last two are fetched when they are not here yet.

        Raises BaseModelNotFound, FolderIsNoModel, ModelRunsCode, ModelDamaged, and what fetching raises.
        """
        if _is_on_disk(reference):
            return self._local(Path(reference).expanduser().absolute())
        if not is_fetchable(reference):
            raise BaseModelNotFound(name=reference)
        if not self._is_installed(reference):
            return self.pull(reference, on_progress=on_progress)
        return self._installed(reference)

    def pull(self, reference: str, *, again: bool = False, on_progress: OnProgress | None = None) -> BaseModel:
        """Fetches "starter" or a hub id into the workspace; what is here already is kept unless `again`."""
        if not is_fetchable(reference):
            return self.get(reference)
        if again or not self._is_installed(reference):
            self._install(self._sources.bring(reference, again=again, on_progress=on_progress), reference)
        return self._installed(reference)

    def is_here(self, reference: str) -> bool:
        """Whether it can be had without fetching anything; a folder counts even when it is no model."""
        return _is_on_disk(reference) or (is_fetchable(reference) and self._is_installed(reference))

    def list(self) -> "list[BaseModel]":
        """Those in the workspace, the starter first."""
        names = [read_json(path)["name"] for path in self._folders.models.glob(f"*/{_FACTS}")]
        return [self._installed(name) for name in sorted(names, key=lambda name: (name != STARTER, name))]

    def _is_installed(self, reference: str) -> bool:
        return (self._place(reference) / MANIFEST_NAME).is_file()

    def _install(self, fetched: Fetched, name: str) -> None:
        inspected = inspect_model_folder(fetched.folder)
        sealed = read_json(fetched.folder / MANIFEST_NAME)["files"]
        with sealed_folder(self._place(name), {"name": name}) as staging:
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
        folder = self._place(name)
        try:
            facts = read_json(folder / _FACTS)
            inspected = inspect_model_folder(folder)
        except FolderIsNoModel as error:
            raise ModelDamaged(folder=folder, reason=error.problem.fields["reason"], name=name) from error
        except (OSError, ValueError) as error:
            raise ModelDamaged(folder=folder, reason=f"{_FACTS} cannot be read", name=name) from error
        if self._revision(folder, inspected.weight_files) != facts["revision"]:
            raise ModelDamaged(folder=folder, reason="its weights have changed since it was fetched", name=name)
        return BaseModel(**facts, folder=str(folder), shape=inspected.shape)

    def _local(self, folder: Path) -> BaseModel:
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

    def _place(self, reference: str) -> Path:
        return self._folders.models / folder_name(reference)


def starter_shape() -> ModelShape:
    """Known before it is fetched."""
    return starter_facts().shape


def _is_on_disk(reference: str) -> bool:
    """A file counts too: it is refused as no model instead of being looked for on the hub."""
    return reference not in ("", STARTER) and exists(Path(reference).expanduser())
