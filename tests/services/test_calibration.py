"""Runs teach the planner of the machine that they ran on, and of no other."""

import pytest

from luthier.domain.plans import Calibration
from luthier.domain.run_states import RunState
from luthier.domain.runs import Run
from luthier.services.calibration import Calibrations
from luthier.services.folders import Folders
from luthier.store import Store
from tests.builders import a_machine, a_plan, a_run, an_estimate

HERE, ELSEWHERE = a_machine(), a_machine(cores=64)


def completed(store: Store, name: str, peak: float, seconds: float, **changes: object) -> Run:
    """Planned were 2 GB and 180 s, in the middle."""
    plan = a_plan(
        memory=an_estimate(1.5e9, 2.5e9, "bytes"),
        duration=an_estimate(120, 240, "seconds"),
        machine=changes.pop("machine", HERE),
        calibration=changes.pop("calibration", Calibration()),
    )
    values = {"attempt": 1, "peak_rss_bytes": int(peak), "training_seconds": seconds, **changes}
    run = a_run(name=name, state=RunState.COMPLETED, plan=plan, **values)
    with store.writing() as tx:
        tx.runs.add(run)
    return run


def test_without_runs_nothing_is_corrected(store: Store, folders: Folders) -> None:
    assert Calibrations(store, folders).of(HERE.fingerprint) == Calibration()


def test_a_completed_run_moves_the_factors_and_is_kept_in_the_workspace(store: Store, folders: Folders) -> None:
    completed(store, "orders", peak=2.2e9, seconds=360)
    learnt = Calibrations(store, folders).of(HERE.fingerprint)
    assert 1 < learnt.memory_factor < 1.1
    assert 1 < learnt.duration_factor < 2
    assert folders.calibration(HERE.fingerprint).exists()


def test_a_new_run_is_learnt_from_although_constants_are_kept(store: Store, folders: Folders) -> None:
    calibrations = Calibrations(store, folders)
    completed(store, "first", peak=2e9, seconds=180)
    before = calibrations.of(HERE.fingerprint)
    completed(store, "second", peak=2e9, seconds=720)
    assert before.runs == 1
    assert calibrations.of(HERE.fingerprint).runs == 2


def test_what_a_plan_was_corrected_by_is_not_learnt_twice(store: Store, folders: Folders) -> None:
    """It expected 180 s after doubling; 180 s were taken, so the constants are off by two, not by one."""
    completed(store, "orders", peak=2e9, seconds=180, calibration=Calibration(runs=9, duration_factor=2.0))
    assert Calibrations(store, folders).of(HERE.fingerprint).duration_factor == pytest.approx(2 ** (2 / 3))


def test_other_machines_and_resumed_or_unfinished_runs_teach_nothing(store: Store, folders: Folders) -> None:
    completed(store, "elsewhere", peak=3e9, seconds=900, machine=ELSEWHERE)
    completed(store, "resumed", peak=3e9, seconds=900, attempt=2)
    with store.writing() as tx:
        tx.runs.add(a_run(name="failed", state=RunState.FAILED, plan=a_plan(machine=HERE), peak_rss_bytes=3 * 10**9))
    assert Calibrations(store, folders).of(HERE.fingerprint).runs == 0


def test_the_table_shows_each_run_with_how_far_its_plan_was_off(store: Store, folders: Folders) -> None:
    completed(store, "orders", peak=2.2e9, seconds=360)
    [compared] = Calibrations(store, folders).table(HERE.fingerprint).compared
    assert compared.name == "orders"
    assert compared.memory.error == pytest.approx(2 / 2.2 - 1)
    assert compared.duration.holds is False
