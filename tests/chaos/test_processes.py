"""Processes that are killed, frozen and started twice."""

from pathlib import Path
from typing import get_args

import pytest

from luthier.engine.crash_points import Moment
from tests.chaos.floor import Floor
from tests.chaos.servers import ServerKiller
from tests.chaos.worker_kills import WorkerKiller
from tests.chaos.zombies import freeze_and_thaw
from tests.engine.workers import Workers

pytestmark = pytest.mark.slow


def test_workers_killed_at_random_lose_nothing_and_change_no_bit(
    workers: Workers, tiny_base: Path, tmp_path: Path
) -> None:
    tally = WorkerKiller(workers, tiny_base, tmp_path, seed=1).kill(12)
    assert (tally.lost, tally.doubled) == (0, 0)
    assert tally.pairs_bit_exact == tally.runs
    assert tally.kills == 12 and tally.facts_told


def test_no_crash_point_is_without_its_kill() -> None:
    """`test_kill_and_resume` has each of them end a worker; a new one must be added there."""
    from tests.engine.test_kill_and_resume import MOMENTS

    assert {moment.partition(":")[0] for moment in MOMENTS} == set(get_args(Moment))


def test_supervisors_workers_and_clients_killed_at_random_lose_nothing_that_was_told(tmp_path: Path) -> None:
    with Floor(tmp_path / "floor", seed=1) as floor:
        floor.kill(48)
        floor.settle()
        tally = floor.audit()
    assert (tally.lost, tally.doubled) == (0, 0)
    assert tally.acknowledged > 50 and min(tally.supervisors, tally.workers, tally.clients) > 0


def test_a_server_killed_while_it_is_written_to_loses_nothing_that_it_answered(tmp_path: Path) -> None:
    tally = ServerKiller(tmp_path / "served", seed=1).kill(3)
    assert (tally.lost, tally.doubled) == (0, 0)
    assert tally.kills == 3 and tally.acknowledged


def test_of_supervisors_that_start_at_once_one_gets_the_workspace(tmp_path: Path) -> None:
    with Floor(tmp_path / "floor", seed=1) as floor:
        assert [floor.race(4) for _ in range(3)] == [1, 1, 1]


def test_a_worker_that_thaws_after_it_was_replaced_ends_and_changes_nothing(
    workers: Workers, tiny_base: Path, tmp_path: Path
) -> None:
    zombies = freeze_and_thaw(workers, tiny_base, tmp_path, count=2, seed=1)
    assert zombies.thawed == zombies.ended_by_themselves == zombies.bit_exact == 2
    assert zombies.stale_writes == 0
