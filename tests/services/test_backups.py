"""A backup holds one moment of a workspace at work, and gives it back whole, elsewhere, or not at all."""

import json
import os
import subprocess
import sys
import threading
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from luthier.domain.backups import (
    BackupDamaged,
    BackupInTheWay,
    BackupNameWrong,
    BackupNotFound,
    BackupOptions,
    BackupTooNew,
    RestoreTargetNotEmpty,
)
from luthier.domain.jobs import Progress
from luthier.domain.run_states import RunState
from luthier.domain.runs import Run
from luthier.health.checkpoints import newest_intact, sealed_checkpoints, step_of
from luthier.kit.clock import SystemClock
from luthier.kit.files import damage_of
from luthier.kit.journal import read_journal
from luthier.services.folders import Folders
from luthier.services.restoring import restore_backup
from luthier.settings import Settings
from luthier.workspace import Workspace
from tests.orchestration.simulated import Host
from tests.services.shops import EVERYTHING, Shop, no_matter


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    shop = Shop(tmp_path / "shop")
    yield shop
    shop.workspace.close()


def restored(backup: Path, target: Path) -> Workspace:
    restore_backup(backup, Settings(home=target), SystemClock(), no_matter)
    return Workspace(Settings(home=target), SystemClock())


def steps_of(workspace: Workspace, run: Run) -> list[int]:
    return [point.step for point in workspace.runs.metrics(run.run_id, names=("loss",))]


def test_backups_under_load_give_back_a_run_that_can_go_on(shop: Shop, tmp_path: Path) -> None:
    ended = threading.Event()

    def work() -> None:
        while not ended.is_set():
            shop.tick()

    shop.train(6)
    worker = threading.Thread(target=work)
    worker.start()
    try:
        made = [shop.back_up(tmp_path / f"{number}.luthier-backup") for number in range(3)]
    finally:
        ended.set()
        worker.join()
    for number, path in enumerate(made):
        shop.backups.check(path, no_matter)
        workspace = restored(path, tmp_path / f"copy-{number}")
        run = workspace.runs.get(shop.run.run_id)
        steps = steps_of(workspace, run)
        assert steps == list(range(1, run.step + 1)) and steps
        assert run.state is RunState.QUEUED
        folder = workspace.folders.run(run.run_id)
        newest = newest_intact(folder.checkpoints)
        assert newest is not None and step_of(newest) >= run.step - 2
        for checkpoint in workspace.runs.checkpoints(run.run_id):
            assert damage_of(Path(checkpoint.folder)) is None
            assert Path(checkpoint.folder).is_relative_to(workspace.folders.root)
        assert read_journal(folder.attempt(1).journal).records
        assert run.base_folder == str(workspace.folders.models / "tiny")
        dataset = workspace.datasets.get(shop.dataset.label)
        assert len(list(workspace.datasets.examples(dataset))) == 30
        workspace.close()


def test_a_restored_run_goes_on_and_old_facts_do_not_come_twice(shop: Shop, tmp_path: Path) -> None:
    shop.train(8)
    path = shop.back_up(tmp_path / "one.luthier-backup")
    workspace = restored(path, tmp_path / "copy")
    again = Host("there", workspace._store, workspace.folders, shop.clock)
    before = workspace.runs.get(shop.run.run_id)
    for _ in range(6):
        shop.clock.elapsed += 1
        for worker in again.workers:
            worker.work()
        again.supervisor.tick()
    after = workspace.runs.get(shop.run.run_id)
    assert (after.attempt, after.token) == (before.attempt + 1, before.token + 1)
    assert steps_of(workspace, after) == list(range(1, after.step + 1))
    assert shop.host.workers[0].alive, "restoring beside the original must not end its worker"
    workspace.close()


def test_an_attempt_that_the_database_copy_does_not_know_stays_out(shop: Shop, tmp_path: Path) -> None:
    """It would be taken for the next attempt's own journal."""
    shop.train(4)
    later = shop.folders.run(shop.run.run_id).attempt(2)
    later.root.mkdir()
    later.journal.write_text("")
    with zipfile.ZipFile(shop.back_up(tmp_path / "one.luthier-backup")) as archive:
        names = archive.namelist()
    assert any("attempts/001/" in name for name in names)
    assert not any("attempts/002/" in name for name in names)


def test_a_damaged_checkpoint_is_left_out_by_name(shop: Shop, tmp_path: Path) -> None:
    shop.train(8)
    newest = sealed_checkpoints(shop.folders.run(shop.run.run_id).checkpoints)[-1]
    (newest / "state").write_text("?")
    made = shop.backups.make(tmp_path / "one.luthier-backup", EVERYTHING, no_matter)
    assert [(left.what.rpartition("/")[2], left.reason) for left in made.left_out] == [
        (newest.name, "state is not as it was sealed")
    ]
    workspace = restored(tmp_path / "one.luthier-backup", tmp_path / "copy")
    steps = [checkpoint.step for checkpoint in workspace.runs.checkpoints(shop.run.run_id)]
    assert steps and step_of(newest) not in steps
    workspace.close()


def test_keys_and_sign_ins_stay_out_unless_they_are_asked_for(shop: Shop, tmp_path: Path) -> None:
    key = shop.workspace.sessions.api_key_file().read_text().strip()
    for options, expected in ((EVERYTHING, False), (BackupOptions(secrets=True), True)):
        path = shop.back_up(tmp_path / f"{expected}.luthier-backup", options)
        assert path.stat().st_mode & 0o077 == 0
        workspace = restored(path, tmp_path / f"copy-{expected}")
        assert (workspace.sessions.resolve(key) is not None) is expected
        assert (workspace.folders.secrets / "api-key").exists() is expected
        assert workspace.folders.secrets.stat().st_mode & 0o077 == 0
        workspace.close()


def test_models_can_stay_out(shop: Shop, tmp_path: Path) -> None:
    (shop.folders.models / "weights").write_text("1 2 3")
    for models in (True, False):
        path = shop.back_up(tmp_path / f"{models}.luthier-backup", BackupOptions(models=models))
        with zipfile.ZipFile(path) as archive:
            assert ("models/weights" in archive.namelist()) is models


def flip(path: Path, at: int) -> None:
    content = bytearray(path.read_bytes())
    content[at] ^= 1
    path.write_bytes(content)


def test_no_changed_byte_of_a_backup_is_restored(shop: Shop, tmp_path: Path) -> None:
    shop.train(4)
    whole = shop.back_up(tmp_path / "whole.luthier-backup").read_bytes()
    path, target = tmp_path / "changed.luthier-backup", tmp_path / "copy"
    reference = shop.backups.check(tmp_path / "whole.luthier-backup", no_matter)
    for at in range(0, len(whole), max(1, len(whole) // 150)):
        path.write_bytes(whole)
        flip(path, at)
        try:  # a date or a name that nobody reads may change without harm
            found = shop.backups.check(path, no_matter)
        except (BackupDamaged, BackupTooNew):
            continue
        assert found.model_copy(update={"path": reference.path}) == reference
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(BackupDamaged, match="its end is missing"):
        restore_backup(path, Settings(home=target), SystemClock(), no_matter)
    assert not target.exists()


@pytest.mark.parametrize("name", ["../outside", "/etc/outside", "runs/../../outside", "C:outside", "a\\b", ""])
def test_a_name_that_leads_out_of_the_workspace_is_refused(name: str, shop: Shop, tmp_path: Path) -> None:
    path = shop.back_up(tmp_path / "one.luthier-backup")
    evil = tmp_path / "evil.luthier-backup"
    with zipfile.ZipFile(path) as archive, zipfile.ZipFile(evil, "w") as copy:
        manifest = json.loads(archive.read("backup.json"))
        manifest["files"][name] = {"bytes": 4, "sha256": "0" * 64}
        copy.writestr(name or "x", "evil")
        copy.writestr("backup.json", json.dumps(manifest))
    with pytest.raises(BackupDamaged, match="leads out"):
        restore_backup(evil, Settings(home=tmp_path / "copy"), SystemClock(), no_matter)


def test_a_backup_of_a_newer_layout_is_refused(shop: Shop, tmp_path: Path) -> None:
    path = tmp_path / "newer.luthier-backup"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("backup.json", json.dumps({"format": 2, "made_with": "9.1", "anything": "else"}))
    with pytest.raises(BackupTooNew, match=r"9\.1"):
        shop.backups.check(path, no_matter)


def test_nothing_is_restored_over_something(shop: Shop, tmp_path: Path) -> None:
    path = shop.back_up(tmp_path / "one.luthier-backup")
    target = tmp_path / "copy"
    target.mkdir()
    (target / "mine").write_text("keep")
    with pytest.raises(RestoreTargetNotEmpty):
        restore_backup(path, Settings(home=target), SystemClock(), no_matter)
    assert [item.name for item in target.iterdir()] == ["mine"]


def test_nothing_is_backed_up_over_something(shop: Shop, tmp_path: Path) -> None:
    path = shop.back_up(tmp_path / "one.luthier-backup")
    before = path.read_bytes()
    with pytest.raises(BackupInTheWay):
        shop.back_up(path)
    assert path.read_bytes() == before


@pytest.mark.parametrize("doing", ["making", "restoring"])
def test_calling_it_off_anywhere_leaves_nothing(doing: str, shop: Shop, tmp_path: Path) -> None:
    class CalledOff(Exception): ...

    shop.train(9)
    path, target = shop.back_up(tmp_path / "one.luthier-backup"), tmp_path / "out"
    target.mkdir()

    def after(count: int) -> Callable[[Progress], None]:
        left = count

        def tell(_: Progress) -> None:
            nonlocal left
            left -= 1
            if left == 0:
                raise CalledOff

        return tell

    for count in (1, 2, 5, 15):
        with pytest.raises(CalledOff):
            if doing == "making":
                shop.backups.make(target / "two.luthier-backup", EVERYTHING, after(count))
            else:
                restore_backup(path, Settings(home=target / "shop"), SystemClock(), after(count))
        assert list(target.iterdir()) == []


@pytest.mark.parametrize("name", ["../x", "a/b", ".hidden", "a\\b", "a\nb"])
def test_a_name_of_a_backup_stays_in_its_folder(name: str, shop: Shop) -> None:
    with pytest.raises(BackupNameWrong):
        shop.backups.place_of(name)


def test_backups_are_listed_and_what_is_none_is_passed_over(shop: Shop) -> None:
    shop.back_up(shop.backups.place_of("first"))
    shop.backups.place_of("torn").write_bytes(b"PK")
    (listed,) = shop.backups.list()
    assert Path(listed.path).name == "first.luthier-backup"
    assert (listed.runs, listed.datasets) == (1, 1)
    with pytest.raises(BackupNotFound):
        shop.backups.check(shop.backups.place_of("none"), no_matter)


def test_a_backup_is_in_no_later_backup(shop: Shop) -> None:
    shop.back_up(shop.backups.place_of("first"))
    with zipfile.ZipFile(shop.back_up(shop.backups.place_of("second"))) as archive:
        assert not any("first" in name for name in archive.namelist())


def test_no_part_of_a_backup_is_readable_by_others_while_it_is_made(shop: Shop, tmp_path: Path) -> None:
    modes: set[int] = set()

    def look(_: Progress) -> None:
        modes.update(item.stat().st_mode & 0o077 for item in tmp_path.iterdir() if item.name.endswith(".part"))

    before = os.umask(0)
    try:
        shop.backups.make(tmp_path / "one.luthier-backup", BackupOptions(secrets=True), look)
    finally:
        os.umask(before)
    assert modes == {0}


def test_the_folders_of_a_restored_workspace_are_those_of_the_first(shop: Shop, tmp_path: Path) -> None:
    shop.train(6)
    workspace = restored(shop.back_up(tmp_path / "one.luthier-backup"), tmp_path / "copy")
    assert Folders(tmp_path / "copy").workspace_id == shop.folders.workspace_id
    kept = {path.relative_to(shop.folders.root) for path in shop.folders.runs.rglob("*") if path.is_file()}
    assert kept <= {path.relative_to(workspace.folders.root) for path in workspace.folders.runs.rglob("*")}
    workspace.close()


def test_a_full_disk_is_a_sentence_and_leaves_nothing(shop: Shop, tmp_path: Path) -> None:
    shop.train(4)
    (shop.folders.models / "weights.safetensors").write_bytes(os.urandom(600_000))
    target = tmp_path / "disk"
    target.mkdir()
    shop.workspace.close()
    code = (
        "import resource, sys; from pathlib import Path; from tests.services.shops import no_matter, EVERYTHING\n"
        "from luthier.kit.clock import SystemClock; from luthier.settings import Settings\n"
        "from luthier.workspace import Workspace; from luthier.domain.errors import DiskFull\n"
        "workspace = Workspace(Settings(home=Path(sys.argv[1])), SystemClock())\n"
        "for limit in (100, 8_192, 400_000):\n"
        "  resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))\n"
        "  try: workspace.backups.make(Path(sys.argv[2]) / 'one.luthier-backup', EVERYTHING, no_matter)\n"
        "  except Exception as error: print(getattr(error, 'code', repr(error)))\n"
        "  else: print('made')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(shop.folders.root), str(target)],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
    )
    assert set(done.stdout.split()) == {"disk.full", "workspace.store_not_writable"}, done.stdout + done.stderr
    assert list(target.iterdir()) == []
