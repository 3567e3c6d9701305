"""Whether the workspace is a good place to work in: its folder, disk, clock, database, supervisor and isolation."""

import os
import secrets
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
from filelock import FileLock

from luthier.domain.checkup import Check, DatabaseFacts
from luthier.kit.clock import Clock
from luthier.kit.files import write_atomically
from luthier.kit.locks import is_held
from luthier.kit.units import show_duration
from luthier.planning.checks.wording import Wording
from luthier.planning.machine_facts import doctor_facts
from luthier.services.folders import Folders

_LANDLOCK = Path("/sys/kernel/security/lsm")


def folder_checks(folders: Folders, clock: Clock, say: Wording) -> Iterator[Check]:
    """A file is written, replaced and removed where the database lies, and its time compared with the clock."""
    mark = folders.root / f".doctor-{secrets.token_hex(4)}"
    shown = str(folders.root)
    try:
        write_atomically(mark, b"one")
        write_atomically(mark, b"two")
        written_at = mark.stat().st_mtime
    except OSError as error:
        yield say.advise("folder.unwritable", shown, why=(error.strerror or str(error)).lower())
        return
    finally:
        with suppress(OSError):  # what cannot be written cannot be removed either
            mark.unlink(missing_ok=True)
    yield _place(folders, say)
    yield _clock(abs(clock.now().timestamp() - written_at), say)


def database_check(facts: DatabaseFacts, say: Wording) -> Check:
    mode = f", journal mode {facts.journal_mode}" if facts.journal_mode else ""
    found = f"{facts.kind} {facts.version}, tables {facts.tables}{mode}"
    if facts.damage:
        return say.advise("database.damaged", found, why=facts.damage)
    if facts.first_safe_wal:
        return say.advise("database.old_sqlite", found, needed=facts.first_safe_wal)
    return say.good("database", found)


def supervisor_check(folders: Folders, any_unfinished: bool, say: Wording) -> Check:
    if is_held(FileLock(folders.locks / "supervisor.lock")):
        return say.good("supervisor", "at work")
    if any_unfinished:
        return say.advise("supervisor.missing", "not running")
    return say.good("supervisor", "not needed: no run is waiting")


def isolation_check(say: Wording) -> Check:
    """The level that holds today, and what the kernel would offer."""
    try:
        offers = "landlock" in _LANDLOCK.read_text("utf-8")
    except OSError:
        offers = False
    return say.advise("isolation.process", "own process" + (", kernel has Landlock" if offers else ""))


def _place(folders: Folders, say: Wording) -> Check:
    found = str(folders.root)
    kind = filesystem_of(folders.root)
    if kind in doctor_facts().network_filesystems:
        return say.advise("folder.network", found, kind=kind)
    device = folders.root.stat().st_dev
    inside = (folders.models, folders.runs, folders.locks, folders.logs, folders.root / "datasets")
    elsewhere = [part.name for part in inside if part.exists() and part.stat().st_dev != device]
    if elsewhere:
        return say.advise("folder.split", found, parts=", ".join(elsewhere))
    return say.good("folder", f"{found} ({kind})" if kind else found)


def filesystem_of(folder: Path) -> str:
    """The type of the innermost mount around it; empty when the system does not tell."""
    resolved = os.path.realpath(folder)
    try:
        mounts = psutil.disk_partitions(all=True)
    except (OSError, psutil.Error):
        return ""
    around = [mount for mount in mounts if Path(resolved).is_relative_to(mount.mountpoint)]
    return max(around, key=lambda mount: len(mount.mountpoint)).fstype.lower() if around else ""


def _clock(skew_seconds: float, say: Wording) -> Check:
    if skew_seconds > doctor_facts().thresholds.clock_skew_seconds:
        return say.advise("clock.skewed", "differs", seconds=show_duration(skew_seconds))
    return say.good("clock", "as that of the disk")
