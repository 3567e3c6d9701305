"""Supervisors on simulated hosts: who dies is replaced, who comes back late changes nothing, clocks decide nothing."""

import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from luthier.domain.health import AnomalyKind, RemedyName
from luthier.domain.recipes import HealthSpec
from luthier.domain.run_states import RunState
from luthier.domain.runs import Run
from luthier.health.facts import supervision
from luthier.services.folders import Folders
from luthier.store import Store, open_store
from tests.builders import a_dataset, a_run
from tests.orchestration.simulated import Host, SimulatedClock

LEASE = supervision().lease


class World:
    def __init__(self, root: Path) -> None:
        self.clock, self.folders = SimulatedClock(), Folders(root)
        self.store: Store = open_store(root / "luthier.db")
        self.one, self.two = (Host(name, self.store, self.folders, self.clock) for name in ("one", "two"))
        with self.store.writing() as tx:
            tx.datasets.add(a_dataset(dataset_id="ds_1"))
            self.run = a_run(dataset_id="ds_1")
            tx.runs.add(self.run)
        data = self.folders.run(self.run.run_id).train_file
        data.parent.mkdir(parents=True)
        data.write_text("{}\n")

    def wait(self, seconds: float, *hosts: Host) -> None:
        for _ in range(round(seconds)):
            self.clock.elapsed += 1
            for worker in [*self.one.workers, *self.two.workers]:
                if worker.acts:
                    worker.beat()
                    worker.obey()
            for host in hosts:
                host.supervisor.tick()

    def start(self) -> None:
        self.wait(1, self.one)
        for _ in range(4):
            self.one.workers[0].work()
        self.wait(1, self.one)

    @property
    def now(self) -> Run:
        with self.store.reading() as tx:
            return tx.runs.find(self.run.run_id)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path)
    yield world
    world.store.close()


def test_the_next_supervisor_of_the_same_folder_adopts_a_live_worker_at_once(world: World) -> None:
    world.start()
    world.one.restart()
    world.one.workers[0].work()
    world.wait(1, world.one)
    assert (world.now.step, world.now.attempt) == (4, 1)


def test_a_supervisor_that_stops_beating_is_replaced_within_half_a_minute(world: World) -> None:
    world.start()
    world.wait(LEASE.expire_seconds + LEASE.renew_seconds + 2, world.two)
    assert world.now.attempt == 2
    assert world.two.workers[0].run_id == world.run.run_id
    assert LEASE.expire_seconds + LEASE.renew_seconds < 30


@pytest.mark.timeout(30)
def test_a_supervisor_ends_when_somebody_removes_its_workspace(world: World) -> None:
    def remove(seconds: float) -> None:
        shutil.rmtree(world.folders.root, ignore_errors=True)
        world.clock.elapsed += seconds

    world.start()
    world.clock.sleep = remove  # between two looks
    world.one.supervisor.work()  # would otherwise look for its database for ever
    assert not world.one.supervisor.has_work()


def test_a_zombie_that_thaws_is_ended_and_what_it_wrote_never_counts(world: World) -> None:
    world.start()
    zombie = world.one.workers[0]
    zombie.frozen = True
    world.wait(LEASE.expire_seconds + LEASE.renew_seconds + 2, world.two)
    zombie.frozen = False
    for _ in range(3):
        zombie.work()
    world.wait(3, world.one, world.two)
    assert not zombie.alive
    with world.store.reading() as tx:
        steps = [point.step for point in tx.metrics.list(world.run.run_id, names=("loss",))]
    assert steps == [1, 2, 3]


@pytest.mark.parametrize("years", [-10, 10])
def test_a_clock_that_jumps_takes_no_lease_away(world: World, years: int) -> None:
    world.start()
    world.clock.jump = timedelta(days=365 * years)
    world.wait(60, world.one, world.two)
    assert (world.now.attempt, world.now.state) == (1, RunState.RUNNING)


def test_a_frozen_worker_is_replaced_and_the_next_attempt_waits_first(world: World) -> None:
    world.start()
    world.one.workers[0].frozen = True
    world.wait(26, world.one)
    assert world.now.state is RunState.QUEUED
    assert world.now.retry_seconds > 0
    world.wait(3, world.one)
    assert (world.now.state, world.now.attempt) == (RunState.PREPARING, 2)


@pytest.mark.parametrize("policy", ["off", "ask"])
def test_a_stall_and_its_restart_stand_in_the_history_of_a_run_that_is_watched(world: World, policy: str) -> None:
    recipe = world.run.recipe.model_copy(update={"health": HealthSpec.model_validate({"policy": policy})})
    watched = world.now.model_copy(update={"recipe": recipe})
    with world.store.writing() as tx:
        tx.runs.update(watched)
    world.start()
    world.one.workers[0].frozen = True
    world.wait(30, world.one)
    with world.store.reading() as tx:
        (alert,) = tx.events.after(0, kinds=("run.alert",))
        remedies = tx.events.after(0, kinds=("run.remedy",))
    if policy == "off":
        assert (alert.body["code"], remedies, world.now.remedies) == ("runs.worker_frozen", [], ())
        return
    assert alert.body["code"] == "health.stall" and alert.body["causes"]
    (remedy,) = world.now.remedies
    assert (remedy.remedy, remedy.anomaly, remedy.after_step) == (RemedyName.RESTART, AnomalyKind.STALL, 2)
    assert [event.body["remedy"] for event in remedies] == ["restart"]
    assert world.now.attempt == 2


def test_a_last_word_that_does_not_fit_never_leaves_a_run_at_work_without_a_worker(world: World) -> None:
    world.wait(1, world.one)
    world.one.workers[0].finish()  # before it has trained
    world.wait(1, world.one)
    assert world.now.state is RunState.QUEUED
