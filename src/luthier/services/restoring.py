"""Restores a backup where there is nothing yet: everything is checked first, and the workspace appears whole or not.

What was at work when the backup was made goes on from its newest checkpoint.
"""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

from luthier.domain.backups import Backup, BackupManifest, Restored, RestoreTargetNotEmpty
from luthier.domain.errors import DiskFull
from luthier.domain.jobs import Progress
from luthier.health.disk import saying_when_full
from luthier.kit.clock import Clock
from luthier.kit.files import free_bytes, make_folder, naming, sync_folder
from luthier.kit.units import show_bytes
from luthier.services.backup_archive import ArchiveReader
from luthier.services.folders import Folders
from luthier.services.run_history import History, forget_undone
from luthier.services.settling import forget_lost_checkpoints, let_runs_go_on, move_paths
from luthier.settings import Settings
from luthier.store import Store, open_store

OnProgress = Callable[[Progress], None]


def restore_backup(path: Path, settings: Settings, clock: Clock, on_progress: OnProgress) -> Restored:
    """Into the workspace that the settings name, and its database.

    Raises RestoreTargetNotEmpty, DiskFull, BackupNotFound, BackupDamaged and BackupTooNew, and then nothing is there
    that was not there before.
    """
    final = settings.workspace_folder
    with ArchiveReader(path) as archive:
        _refuse_unless_empty(path, final, settings)
        total = archive.manifest.content_bytes
        archive.check(_counting("checking", total, on_progress))
        if total > free_bytes(final.parent):
            raise DiskFull(path=final, needed=show_bytes(total), free=show_bytes(free_bytes(final.parent)))
        make_folder(final.parent)
        staging = final.with_name(f".{final.name}.restoring")
        shutil.rmtree(staging, ignore_errors=True)  # of a restore that was killed
        try:
            with saying_when_full(final.parent):
                _unpack(archive, staging, _counting("writing", total, on_progress))
                going_on = _settle(archive.manifest, staging, final, clock)
                _publish(staging, final, settings)
        except BaseException:
            shutil.rmtree(staging, ignore_errors=True)
            raise
        backup = Backup.of(path, archive.manifest)
    return Restored(workspace_folder=str(final), backup=backup, going_on=tuple(going_on))


def _refuse_unless_empty(path: Path, final: Path, settings: Settings) -> None:
    if final.exists() and (not final.is_dir() or any(final.iterdir())):
        raise RestoreTargetNotEmpty(place=final, path=path)
    if settings.database_url is not None:
        store = open_store(settings.database_url)
        try:
            if not store.is_empty():
                raise RestoreTargetNotEmpty(place="The database that LUTHIER_DATABASE_URL names", path=path)
        finally:
            store.close()


def _counting(what: str, total: int, on_progress: OnProgress) -> Callable[[int], None]:
    done = 0

    def more(count: int) -> None:
        nonlocal done
        done += count
        on_progress(Progress(what=what, done=done, total=total, unit="bytes"))

    return more


def _unpack(archive: ArchiveReader, staging: Path, on_bytes: Callable[[int], None]) -> None:
    staging.mkdir()
    for name in archive.manifest.files:
        target = staging / name
        target.parent.mkdir(parents=True, exist_ok=True)
        with naming(target), open(target, "xb") as file:
            for chunk in archive.chunks(name):
                file.write(chunk)
                on_bytes(len(chunk))
            file.flush()
            os.fsync(file.fileno())
    secrets = Folders(staging).secrets
    secrets.mkdir(exist_ok=True)
    secrets.chmod(0o700)
    for secret in secrets.iterdir():
        secret.chmod(0o600)


def _settle(manifest: BackupManifest, staging: Path, final: Path, clock: Clock) -> list[str]:
    """The names of the runs that go on."""
    folders, now = Folders(staging), clock.now()
    cause = f"restored from a backup of {manifest.made_at:%Y-%m-%d %H:%M} UTC"
    store = open_store(folders.database, recorder=History(folders, clock))
    try:
        with store.writing() as tx:
            move_paths(tx, manifest.workspace_folder, final)
            forget_lost_checkpoints(tx, final, staging)
            for run in list(tx.runs.all()):
                forget_undone(tx, folders.run(run.run_id))
            return [run.name for run in let_runs_go_on(tx, folders, cause, now)]
    finally:
        store.close()


def _publish(staging: Path, final: Path, settings: Settings) -> None:
    for folder in (item for item in (staging, *staging.rglob("*")) if item.is_dir()):
        sync_folder(folder)

    def appear() -> None:
        if final.is_dir():
            final.rmdir()
        staging.rename(final)
        sync_folder(final.parent)

    if settings.database_url is None:
        appear()
        return
    file = Folders(staging).database
    store: Store = open_store(settings.database_url)
    try:
        store.take_from(file, on_taken=appear)
    finally:
        store.close()
    Folders(final).database.unlink()
