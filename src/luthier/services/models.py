"""Base models: which are here, which can be fetched, and whether what is here is what it was."""

import errno
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from luthier.connectors.cache import FolderCache, link_or_copy
from luthier.connectors.hub import Hub
from luthier.connectors.model_folder import inspect_model_folder, revision_of
from luthier.connectors.starter import Fetched, Starter, starter_facts
from luthier.domain.errors import DiskFull
from luthier.domain.jobs import Progress
from luthier.domain.models import BaseModel, BaseModelNotFound, FolderIsNoModel, ModelDamaged, StarterUnreachable
from luthier.kit.clock import Clock
from luthier.kit.files import MANIFEST_NAME, free_bytes, read_json, sealed_folder, sha256_of, write_json
from luthier.kit.http import Http
from luthier.kit.units import show_bytes
from luthier.services.folders import Folders
from luthier.settings import Settings, process_environment

STARTER = "starter"
OnProgress = Callable[[Progress], None]
_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")
_FACTS = "model.json"


class Models:
    def __init__(self, settings: Settings, folders: Folders, clock: Clock) -> None:
        self._offline = settings.offline
        self._folders = folders
        self._downloads = settings.hub_cache.expanduser()
        self._http = Http(clock)
        self._hub = Hub(self._http, settings.hub_endpoint, self._downloads / "parts")
        self._cache = FolderCache(self._downloads / "models")
        self._starter = Starter(starter_facts(), self._hub, self._cache, process_environment())

    def get(self, reference: str, on_progress: OnProgress | None = None) -> BaseModel:
        """A folder's path, "starter", or a hub id; the last two are fetched when they are not here yet.

        Raises BaseModelNotFound, FolderIsNoModel, ModelRunsCode, ModelDamaged, and what fetching raises.
        """
        folder = Path(reference).expanduser()
        if reference != STARTER and folder.is_dir():
            return self._local(folder.absolute())
        if not _is_fetchable(reference):
            raise BaseModelNotFound(name=reference)
        installed = self._place(reference)
        if not (installed / MANIFEST_NAME).is_file():
            return self.pull(reference, on_progress=on_progress)
        return self._installed(installed, reference)

    def pull(self, reference: str, *, again: bool = False, on_progress: OnProgress | None = None) -> BaseModel:
        """Fetches "starter" or a hub id into the workspace; what is here already is kept unless `again`."""
        if not _is_fetchable(reference):
            return self.get(reference)
        target = self._place(reference)
        # One lock for all workspaces of the user: they share the cache, and two downloads at once help nobody.
        self._downloads.mkdir(parents=True, exist_ok=True)
        with _one_at_a_time(self._downloads, on_progress), _disk_may_be_full(self._downloads):
            if again or not (target / MANIFEST_NAME).is_file():
                fetched = self._fetch(reference, again, on_progress)
                self._install(fetched, target, reference)
        return self._installed(target, reference)

    def list(self) -> "list[BaseModel]":
        """Those in the workspace, the starter first."""
        names = [read_json(path)["name"] for path in self._folders.models.glob(f"*/{_FACTS}")]
        return [
            self._installed(self._place(name), name) for name in sorted(names, key=lambda name: (name != STARTER, name))
        ]

    def _fetch(self, reference: str, again: bool, on_progress: OnProgress | None) -> Fetched:
        if reference == STARTER:
            kept = None if again else self._starter.find()
            if kept is not None:
                return kept
            if self._offline:
                raise StarterUnreachable(reason="Luthier was told to stay offline and it is not on this machine")
            return self._starter.fetch(on_progress)
        if self._offline:
            raise BaseModelNotFound(name=reference)
        return self._fetch_from_hub(reference, again, on_progress)

    def _fetch_from_hub(self, reference: str, again: bool, on_progress: OnProgress | None) -> Fetched:
        model = self._hub.look_up(reference)
        key = f"{_folder_name(reference)}-{model.revision[:12]}"
        if again:
            self._cache.forget(key)
        folder = self._cache.find(key)
        if folder is None:
            _refuse_when_short_of_disk(self._downloads, model.total_bytes)
            folder = self._cache.place(key)
            with sealed_folder(folder, {"key": key}) as staging:
                self._hub.fetch(model, staging, on_progress)
            self._hub.forget_parts(model)
        return Fetched(folder=folder, source=f"hub: {reference} at {model.revision}", licence=model.licence)

    def _install(self, fetched: Fetched, target: Path, name: str) -> None:
        inspected = inspect_model_folder(fetched.folder)
        sealed = read_json(fetched.folder / MANIFEST_NAME)["files"]
        with sealed_folder(target, {"name": name}) as staging:
            for file in sealed:
                link_or_copy(fetched.folder / file, staging / file)
            facts = {
                "name": name,
                "source": fetched.source,
                "licence": fetched.licence,
                "revision": revision_of({file: sealed[file]["sha256"] for file in inspected.weight_files}),
            }
            write_json(staging / _FACTS, facts)

    def _installed(self, folder: Path, name: str) -> BaseModel:
        facts = read_json(folder / _FACTS)
        try:
            inspected = inspect_model_folder(folder)
        except FolderIsNoModel as error:
            raise ModelDamaged(folder=folder, reason=error.problem.fields["reason"], name=name) from error
        revision = self._revision(folder, inspected.weight_files)
        if revision != facts["revision"]:
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
        return self._folders.models / _folder_name(reference)


def _is_fetchable(reference: str) -> bool:
    return reference == STARTER or _HUB_ID.fullmatch(reference) is not None


def _folder_name(reference: str) -> str:
    return reference.replace("/", "--")


def _refuse_when_short_of_disk(folder: Path, needed: int) -> None:
    free = free_bytes(folder)
    if free < needed:
        raise DiskFull(path=folder, needed=show_bytes(needed), free=show_bytes(free))


@contextmanager
def _one_at_a_time(downloads: Path, on_progress: OnProgress | None) -> Iterator[None]:
    lock = FileLock(downloads / "fetching.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        if on_progress is not None:
            on_progress(Progress(what="waiting until another program has fetched its model", done=0, total=0))
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


@contextmanager
def _disk_may_be_full(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise DiskFull(path=folder, needed="more bytes", free=show_bytes(free_bytes(folder))) from error
