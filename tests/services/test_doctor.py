import os
from pathlib import Path

import pytest
from filelock import FileLock

from luthier.domain.checkup import Check, DatabaseFacts, Verdict
from luthier.domain.machine import Machine
from luthier.domain.workspace_errors import StoreTooNew
from luthier.kit.clock import SystemClock
from luthier.planning.checks.wording import Wording
from luthier.services.doctor import examine_without_workspace
from luthier.services.folders import Folders
from luthier.services.workspace_health import (
    database_check,
    filesystem_of,
    folder_checks,
    isolation_check,
    supervisor_check,
)
from luthier.settings import Settings
from luthier.workspace import Workspace
from tests.kit.clocks import PatientClock

SAY = Wording("Linux 6.8", "/home/someone/.luthier")


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    folders = Folders(tmp_path)
    folders.locks.mkdir()
    return folders


def by_subject(checks: list[Check]) -> dict[str, Check]:
    return {check.code.partition(".")[0]: check for check in checks}


def test_a_sound_workspace_is_good_and_nothing_is_left_in_it(folders: Folders) -> None:
    checks = by_subject(list(folder_checks(folders, SystemClock(), SAY)))
    assert {check.verdict for check in checks.values()} == {Verdict.GOOD}
    assert set(checks) == {"folder", "clock"}
    assert [path.name for path in folders.root.iterdir()] == ["locks"]


def test_a_folder_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a file").write_text("")
    (check,) = folder_checks(Folders(tmp_path / "a file"), SystemClock(), SAY)
    assert (check.code, check.verdict) == ("folder.unwritable", Verdict.ERROR)
    assert check.actions


def test_a_clock_that_is_off_is_noticed(folders: Folders) -> None:
    clock = PatientClock()  # stands long before the files of today
    checks = by_subject(list(folder_checks(folders, clock, SAY)))
    assert checks["clock"].code == "clock.skewed"


@pytest.mark.skipif(not Path("/dev/shm").is_dir(), reason="there is no second disk to lay a part on")
def test_a_part_on_another_disk_is_named(folders: Folders) -> None:
    shared = Path("/dev/shm") / f"luthier-doctor-{os.getpid()}"
    shared.mkdir()
    try:
        folders.models.symlink_to(shared)
        if shared.stat().st_dev == folders.root.stat().st_dev:
            pytest.skip("both lie on one disk here")
        check = by_subject(list(folder_checks(folders, SystemClock(), SAY)))["folder"]
        assert check.code == "folder.split"
        assert "models" in check.reason
    finally:
        shared.rmdir()


@pytest.mark.skipif(not Path("/proc/mounts").exists(), reason="only Linux says so there")
def test_the_innermost_mount_around_a_folder_counts() -> None:
    assert filesystem_of(Path("/proc/self")) == "proc"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({}, "database"),
        ({"first_safe_wal": "3.51.3"}, "database.old_sqlite"),
        ({"first_safe_wal": "3.51.3", "damage": "row 7 missing"}, "database.damaged"),
    ],
)
def test_a_database_is_judged_by_what_it_says_of_itself(changes: dict[str, str], code: str) -> None:
    facts = DatabaseFacts(kind="SQLite", version="3.45.1", tables="0002", journal_mode="WAL", **changes)
    assert database_check(facts, SAY).code == code


def test_a_supervisor_is_seen_by_its_lock_and_missed_when_a_run_waits(folders: Folders) -> None:
    assert supervisor_check(folders, False, SAY).verdict is Verdict.GOOD
    assert supervisor_check(folders, True, SAY).code == "supervisor.missing"
    with FileLock(folders.locks / "supervisor.lock"):
        assert supervisor_check(folders, True, SAY).found == "at work"


def test_what_keeps_workers_apart_is_said_as_it_is() -> None:
    assert isolation_check(SAY).verdict is Verdict.NOTE


def test_the_doctor_of_a_workspace_looks_at_everything(workspace_folder: Path) -> None:
    with Workspace(Settings(home=workspace_folder, offline=True), SystemClock()) as workspace:
        checkup = workspace.doctor.examine()
    assert set(checkup.parts) == {"System", "GPU", "Training", "Workspace", "Optional parts"}
    subjects = by_subject(list(checkup.checks))
    assert {"python", "memory", "disk", "torch", "rates", "folder", "clock", "database", "supervisor"} <= set(subjects)
    assert isinstance(checkup.machine, Machine)
    assert all(check.verdict is Verdict.GOOD or check.reason for check in checkup.checks)
    assert checkup.count(Verdict.ERROR) == len([c for c in checkup.checks if c.verdict is Verdict.ERROR])


def test_a_workspace_that_cannot_be_opened_has_the_machine_and_the_cause_all_the_same(tmp_path: Path) -> None:
    problem = StoreTooNew(found="0099", known="0002").problem
    checkup = examine_without_workspace(tmp_path, problem, SystemClock())
    (opening,) = [check for check in checkup.checks if check.part == "Workspace"]
    assert (opening.verdict, opening.reason, opening.actions) == (Verdict.ERROR, problem.sentence, problem.actions)
    assert {"System", "GPU", "Training"} <= set(checkup.parts)
