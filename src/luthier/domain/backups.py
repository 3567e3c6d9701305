"""Backups of a workspace: one file, and in it a manifest that says what it holds and what every byte of it must be."""

from datetime import datetime
from pathlib import Path

from luthier.domain.background import WorkState
from luthier.domain.errors import Action, NotAllowedNow, NotFound, Problem, WorkFailed, WrongUsage
from luthier.domain.jobs import Progress
from luthier.kit.frozen import Frozen

FORMAT = 1  # of the file's layout
ENDING = ".luthier-backup"


class BackupOptions(Frozen):
    models: bool = True  # base models too; those of the hub can be fetched again
    secrets: bool = False  # keys and sign-in sessions too


class BackedUpFile(Frozen):
    bytes: int
    sha256: str


class LeftOut(Frozen):
    what: str  # its place in the workspace
    reason: str


class BackupManifest(Frozen):
    format: int = FORMAT
    made_at: datetime
    made_with: str  # the version of Luthier
    workspace_id: str
    workspace_folder: str  # where it was; paths in the database are moved when it is restored elsewhere
    options: BackupOptions
    runs: int
    datasets: int
    versions: int
    files: dict[str, BackedUpFile]  # by place in the workspace; nothing else in the file counts
    left_out: tuple[LeftOut, ...] = ()

    @property
    def content_bytes(self) -> int:
        return sum(file.bytes for file in self.files.values())


class Backup(Frozen):
    """A backup file as lists show it; it was read, but not every byte of it was checked."""

    path: str
    bytes: int
    content_bytes: int
    made_at: datetime
    made_with: str
    options: BackupOptions
    runs: int
    datasets: int
    versions: int
    files: int
    left_out: tuple[LeftOut, ...]

    @classmethod
    def of(cls, path: Path, manifest: BackupManifest) -> "Backup":
        same = ("content_bytes", "made_at", "made_with", "options", "runs", "datasets", "versions", "left_out")
        known = {name: getattr(manifest, name) for name in same}
        return cls(path=str(path), bytes=path.stat().st_size, files=len(manifest.files), **known)


class BackupJob(Frozen):
    """A backup that is made, or checked, in the background."""

    job_id: str
    kind: str  # "make" or "check"
    name: str  # of the file, in the folder of backups
    state: WorkState
    begun_at: datetime
    progress: Progress | None
    backup: Backup | None  # once it is done
    problem: Problem | None


class Restored(Frozen):
    workspace_folder: str
    backup: Backup
    going_on: tuple[str, ...]  # names of the runs that were at work, and go on from their newest checkpoints


class BackupNotFound(NotFound):
    code = "backups.not_found"
    sentence = "There is no backup at {path}."
    actions = (Action(label="See the backups of this workspace", command="luthier backups list"),)


class BackupDamaged(WorkFailed):
    code = "backups.damaged"
    sentence = "{path} is not a whole backup: {reason}."
    actions = (
        Action(label="Use another one", command="luthier backups list"),
        Action(label="Or make a new one, if the workspace is still there", command="luthier backups make"),
    )


class BackupTooNew(NotAllowedNow):
    code = "backups.too_new"
    sentence = "{path} was made by a newer version of Luthier, {made_with}."
    actions = (Action(label="Install the newer version", command="pip install --upgrade luthier"),)


class BackupInTheWay(NotAllowedNow):
    code = "backups.in_the_way"
    sentence = "There is a file at {path} already, and a backup never replaces one."
    actions = (Action(label="Give another name", command="luthier backups make OTHER-NAME"),)


class BackupNameWrong(WrongUsage):
    code = "backups.name_wrong"
    sentence = "{name} cannot be the name of a backup: {reason}."
    actions = (Action(label="Leave it out to name it after the time"),)


class RestoreTargetNotEmpty(NotAllowedNow):
    code = "backups.target_not_empty"
    sentence = "{place} is not empty, and a backup is restored only where there is nothing yet."
    actions = (
        Action(label="Restore it elsewhere", command="luthier backups restore {path} --workspace NEW-FOLDER"),
        Action(label="Or move what is there away first"),
    )


class BackupJobNotFound(NotFound):
    code = "backups.job_not_found"
    sentence = "No work on a backup is called {job}."
    actions = (Action(label="See the backups of this workspace", command="luthier backups list"),)
