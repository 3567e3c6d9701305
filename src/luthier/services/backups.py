"""Makes backups of a workspace while it is at work, lists and checks them.

The database is copied first, and of the folders only what that copy knows: facts that come later are in no database
yet, so a restored workspace begins again where this one was at that moment.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from luthier.domain.backups import (
    ENDING,
    Backup,
    BackupInTheWay,
    BackupManifest,
    BackupNameWrong,
    BackupOptions,
)
from luthier.domain.errors import LuthierError
from luthier.domain.jobs import Progress
from luthier.health.checkpoints import sealed_checkpoints
from luthier.health.disk import saying_when_full
from luthier.kit.clock import Clock
from luthier.kit.files import folder_bytes, make_folder, sealed_names, writing_atomically
from luthier.kit.ids import new_id
from luthier.services.backup_archive import ArchiveReader, ArchiveWriter
from luthier.services.folders import Folders
from luthier.store import Store, open_store

OnProgress = Callable[[Progress], None]
# Of use only here and now.
_PASSING = {
    "locks",
    "logs",
    "uploads",
    "imports",
    "checks",
    "previews",
    "counting",
    "dataset-jobs",
    "backup-jobs",
    "merge-work",
    "rollouts",
    "requests",
    "backups",
    "server.json",
    "updates.json",
}


@dataclass(frozen=True)
class _Known:
    """What the copy of the database speaks of."""

    attempts: dict[str, int]  # run -> how many it has had
    datasets: frozenset[str]
    versions: int


class Backups:
    def __init__(self, store: Store, folders: Folders, clock: Clock) -> None:
        self._store = store
        self._folders = folders
        self._clock = clock

    def place_of(self, name: str | None) -> Path:
        """Where a backup of that name lies: in the folder of backups, under a name of its own when it has none."""
        name = name or f"{self._clock.now():%Y%m%d-%H%M%S}{ENDING}"
        if Path(name).name != name or name.startswith(".") or not name.isprintable() or "\\" in name:
            raise BackupNameWrong(name=name, reason="it must be a plain name of a file")
        return self._folders.backups / (name if name.endswith(ENDING) else f"{name}{ENDING}")

    def place_for(self, path: Path) -> Path:
        """What a person at this machine calls a backup: a name alone is one of the list, anything else is a path."""
        is_name = path.name == str(path) and not path.exists()
        return self.place_of(path.name) if is_name else path.expanduser().absolute()

    def make(self, path: Path, options: BackupOptions, on_progress: OnProgress) -> Backup:
        """Whole at `path`, or not there; whatever `on_progress` raises ends it.

        Raises BackupInTheWay and DiskFull.
        """
        if path.exists():
            raise BackupInTheWay(path=path)
        make_folder(path.parent)
        with saying_when_full(path.parent), self._database(path, options, on_progress) as (database, known):
            steps = _Steps("copying", self._bytes_to_copy(options), on_progress)
            with writing_atomically(path) as file:
                Path(file.name).chmod(0o600)
                with ArchiveWriter(file, steps.more) as archive:
                    self._copy_all(archive, database, known, options)
                    manifest = self._manifest(archive, known, options)
                    archive.close(manifest)
        return Backup.of(path, manifest)

    def check(self, path: Path, on_progress: OnProgress) -> Backup:
        """Reads every byte. Raises BackupNotFound, BackupDamaged and BackupTooNew."""
        with ArchiveReader(path) as archive:
            archive.check(_Steps("checking", archive.manifest.content_bytes, on_progress).more)
            return Backup.of(path, archive.manifest)

    def list(self) -> "list[Backup]":
        """Those in the folder of backups that can be read, newest first."""
        found = []
        for path in self._folders.backups.glob(f"*{ENDING}"):
            try:
                with ArchiveReader(path) as archive:
                    found.append(Backup.of(path, archive.manifest))
            except LuthierError:
                continue  # `check` says of each what is wrong with it
        return sorted(found, key=lambda backup: backup.made_at, reverse=True)

    @contextmanager
    def _database(self, path: Path, options: BackupOptions, on_progress: OnProgress) -> Iterator[tuple[Path, _Known]]:
        """A copy beside the backup for as long as it takes."""
        on_progress(Progress(what="copying the database", done=0, total=0))
        copy = path.with_name(f".{new_id('copy')}.db")
        try:
            self._store.copy_to(copy)
            yield copy, _known_to(copy, options)
        finally:
            copy.unlink(missing_ok=True)

    def _bytes_to_copy(self, options: BackupOptions) -> int:
        return sum(folder_bytes(entry) if entry.is_dir() else entry.stat().st_size for entry in self._entries(options))

    def _entries(self, options: BackupOptions) -> Iterator[Path]:
        left = _PASSING | (set() if options.models else {"models"}) | (set() if options.secrets else {"secrets"})
        for entry in sorted(self._folders.root.iterdir()):
            hidden = entry.name.startswith((".", self._folders.database.name)) or entry.name.endswith(ENDING)
            if entry.name not in left and not hidden:
                yield entry

    def _copy_all(self, archive: ArchiveWriter, database: Path, known: _Known, options: BackupOptions) -> None:
        archive.add(self._folders.database.name, database)
        for entry in self._entries(options):
            if entry == self._folders.runs:
                for run_id, attempts in known.attempts.items():
                    self._copy_run(archive, run_id, attempts)
            elif entry == self._folders.dataset("x").parent:
                for dataset_id in sorted(known.datasets):
                    self._copy(archive, self._folders.dataset(dataset_id))
            else:
                self._copy(archive, entry)

    def _copy_run(self, archive: ArchiveWriter, run_id: str, attempts: int) -> None:
        folder = self._folders.run(run_id)
        for entry in _visible(folder.root):
            if entry == folder.checkpoints:
                self._copy_checkpoints(archive, folder.checkpoints)
            elif entry.name == "attempts":
                for attempt in _visible(entry):
                    if attempt.name.isdigit() and int(attempt.name) <= attempts:
                        self._copy(archive, attempt)
            else:
                self._copy(archive, entry)

    def _copy_checkpoints(self, archive: ArchiveWriter, checkpoints: Path) -> None:
        """The newest first, and looked for again: a worker that is quick removes old ones while we copy."""
        seen: set[Path] = set()
        copied = False
        while waiting := [folder for folder in reversed(sealed_checkpoints(checkpoints)) if folder not in seen]:
            folder = waiting[0]
            if copied and folder > max(seen):
                seen.add(folder)  # newer than the first that was copied; that one is enough
                continue
            seen.add(folder)
            copied = archive.add_sealed(self._name(folder), folder) or copied

    def _copy(self, archive: ArchiveWriter, place: Path) -> None:
        """A file, or a folder with all in it; a sealed one whole or not at all."""
        if not place.is_dir():
            archive.add(self._name(place), place)
            return
        sealed = sealed_names(place)
        if sealed:
            archive.add_sealed(self._name(place), place)
        for entry in _visible(place):
            if entry.name not in sealed:
                self._copy(archive, entry)

    def _name(self, place: Path) -> str:
        return place.relative_to(self._folders.root).as_posix()

    def _manifest(self, archive: ArchiveWriter, known: _Known, options: BackupOptions) -> BackupManifest:
        return BackupManifest(
            made_at=self._clock.now(),
            made_with=version("luthier"),
            workspace_id=self._folders.workspace_id,
            workspace_folder=str(self._folders.root),
            options=options,
            runs=len(known.attempts),
            datasets=len(known.datasets),
            versions=known.versions,
            files=archive.files,
            left_out=tuple(archive.left_out),
        )


class _Steps:
    def __init__(self, what: str, total: int, on_progress: OnProgress) -> None:
        self._what, self._total, self._on_progress = what, total, on_progress
        self._done = 0

    def more(self, count: int) -> None:
        self._done += count
        total = max(self._total, self._done)  # a workspace at work grows meanwhile
        self._on_progress(Progress(what=self._what, done=self._done, total=total, unit="bytes"))


def _known_to(database: Path, options: BackupOptions) -> _Known:
    store = open_store(database)
    try:
        with store.writing() as tx:
            if not options.secrets:
                tx.sessions.clear()
            return _Known(
                attempts={run.run_id: run.attempt for run in tx.runs.all()},
                datasets=frozenset(dataset.dataset_id for dataset in tx.datasets.list()),
                versions=len(tx.versions.list()),
            )
    finally:
        store.close()


def _visible(folder: Path) -> list[Path]:
    """What a killed process had begun to write is hidden."""
    try:
        return sorted(entry for entry in folder.iterdir() if not entry.name.startswith("."))
    except FileNotFoundError:
        return []
