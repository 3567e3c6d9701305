"""Backups that are made and checked in the background of a server, one at a time."""

from pathlib import Path
from typing import Any, Literal

from luthier.domain.backups import Backup, BackupInTheWay, BackupJob, BackupJobNotFound, BackupNotFound, BackupOptions
from luthier.kit.clock import Clock
from luthier.services.background import Background, OnProgress, Task
from luthier.services.backups import Backups
from luthier.services.folders import Folders
from luthier.services.work_folders import Kept


class BackupJobs:
    def __init__(self, backups: Backups, folders: Folders, clock: Clock) -> None:
        self._backups = backups
        self._background = Background(folders.backup_jobs, "bak", clock, at_once=1)

    def make(self, name: str | None, options: BackupOptions) -> BackupJob:
        """In the folder of backups. Raises BackupNameWrong and BackupInTheWay."""
        path = self._backups.place_of(name)
        if path.exists():
            raise BackupInTheWay(path=path.name)

        def task(_folder: Path, tell: OnProgress) -> dict[str, Any]:
            return self._backups.make(path, options, tell).model_dump(mode="json")

        return self._begin("make", path.name, task)

    def check(self, name: str) -> BackupJob:
        """Raises BackupNameWrong and BackupNotFound."""
        path = self._backups.place_of(name)
        if not path.is_file():
            raise BackupNotFound(path=path.name)

        def task(_folder: Path, tell: OnProgress) -> dict[str, Any]:
            return self._backups.check(path, tell).model_dump(mode="json")

        return self._begin("check", path.name, task)

    def get(self, job_id: str) -> BackupJob:
        """Raises BackupJobNotFound."""
        try:
            return _job_of(self._background.get(job_id))
        except KeyError:
            raise BackupJobNotFound(job=job_id) from None

    def list(self) -> "list[BackupJob]":
        """Newest first; what has ended is listed for a day."""
        return [_job_of(kept) for kept in self._background.list()]

    def cancel(self, job_id: str) -> BackupJob:
        """Nothing of it is kept. What has ended stays as it ended."""
        self.get(job_id)
        self._background.cancel(job_id)
        return self.get(job_id)

    def close(self) -> None:
        """What is not done stays unfinished."""
        self._background.close()

    def _begin(self, kind: Literal["make", "check"], name: str, task: Task) -> BackupJob:
        return self.get(self._background.begin({"kind": kind, "name": name}, task))


def _job_of(kept: Kept) -> BackupJob:
    outcome = kept.outcome
    return BackupJob(
        job_id=kept.work_id,
        state=outcome.state,
        begun_at=kept.begun_at,
        progress=kept.progress,
        backup=Backup.model_validate(outcome.result) if outcome.result else None,
        problem=outcome.problem,
        **kept.asked,
    )
