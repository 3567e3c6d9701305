"""Disks that lose power, run full, and forget."""

import shutil
from pathlib import Path

import pytest

from luthier.domain.errors import LuthierError
from luthier.store import open_store
from tests.builders import a_dataset, a_run
from tests.chaos.damage import damage_checkpoints, damage_databases
from tests.chaos.floor import Floor
from tests.chaos.full_disks import limit_file_sizes, tiny_disk
from tests.chaos.power_loss import lose_power
from tests.chaos.protocols import PROTOCOLS
from tests.chaos.traces import strace_is_here
from tests.engine.workers import Workers

pytestmark = pytest.mark.slow


@pytest.mark.skipif(not strace_is_here(), reason="strace, which records what the kernel sees, is not installed")
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_no_loss_of_power_takes_away_what_was_confirmed(protocol: str) -> None:
    losses = lose_power(protocol, most_choices=64)
    assert losses.failures == []
    assert losses.distinct > 10


def test_a_run_whose_disk_is_full_parks_or_ends_with_a_sentence_and_goes_on_exactly(
    workers: Workers, tiny_base: Path, tmp_path: Path
) -> None:
    disks = limit_file_sizes(workers, tiny_base, tmp_path, limits=(1, 2_000, 20_000))
    assert disks.bit_exact_afterwards == disks.tried == 3
    assert disks.parked and disks.journal_lost


def test_a_store_on_a_full_disk_refuses_with_a_sentence_and_keeps_all_it_confirmed(tmp_path: Path) -> None:
    try:
        with tiny_disk(tmp_path / "disk", kilobytes=600) as disk:
            store = open_store(disk / "luthier.db")
            confirmed: list[str] = []
            with pytest.raises(LuthierError) as refusal:
                for number in range(100_000):
                    run = a_run(name=f"run-{number}")
                    with store.writing() as tx:
                        tx.runs.add(run)
                    confirmed.append(run.run_id)
            assert refusal.value.problem.code in ("disk.full", "workspace.store_not_writable")
            store.close()
            shutil.copy2(disk / "luthier.db", tmp_path / "copy.db")
    except PermissionError as error:
        pytest.skip(f"this user may not mount a file system: {error}")
    again = open_store(tmp_path / "copy.db")
    with again.writing() as tx:
        assert [run.run_id for run in tx.runs.all()] == confirmed and len(confirmed) > 5
        tx.datasets.add(a_dataset())
    assert again.describe().damage == ""
    again.close()


def test_every_damage_to_a_checkpoint_is_found_and_the_one_before_it_is_gone_on_from(
    workers: Workers, tiny_base: Path, tmp_path: Path
) -> None:
    from tests.builders.jobs import a_run_folder

    run = a_run_folder(tmp_path / "run", tiny_base)
    assert workers.run(run) == 0
    damages = damage_checkpoints(run, tmp_path / "scratch", count=60, seed=1)
    assert damages.found == damages.recovered == damages.done == 60


def test_a_damaged_database_is_made_anew_from_the_folders_document_by_document(tmp_path: Path) -> None:
    with Floor(tmp_path / "floor", seed=1) as floor:
        floor.kill(10)
        floor.settle()
    damages = damage_databases(tmp_path / "floor", count=6, seed=1)
    assert damages.recovered == damages.done == 6
