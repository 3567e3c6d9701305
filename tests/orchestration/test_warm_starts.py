"""Workers of a sweep that are forked from one process, against workers that were each started alone."""

import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from luthier.domain.adapters import LoraSettings
from luthier.domain.jobs import Failed, Finished
from luthier.domain.runs import Run
from luthier.domain.sweeps import SweepMember
from luthier.orchestration.warm_starts import common_of
from luthier.orchestration.workers import Worker, WorkerProcesses
from luthier.services.attempts import Assignment
from luthier.services.folders import RunFolder
from tests.builders import a_plan, a_run, an_attempt, training_settings
from tests.builders.jobs import a_run_folder
from tests.builders.models import a_model_folder
from tests.engine.workers import Workers, facts_of, loss_bits

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Elsewhere every run is started alone.")


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return a_model_folder(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture(scope="module")
def processes() -> Iterator[WorkerProcesses]:
    """With the process that forks, which the tests of this file share as the runs of a sweep do."""
    processes = WorkerProcesses()
    yield processes
    processes.retire()


def a_member(base: Path, sweep_id: str = "sweep_1", **settings: object) -> Run:
    plan = a_plan(settings=training_settings(**settings), environment={"OMP_NUM_THREADS": "1"})
    return a_run(base_folder=str(base), plan=plan, sweep=SweepMember(sweep_id=sweep_id, values=settings))


def alone(member: Run) -> Run:
    return member.model_copy(update={"sweep": None})


def start(processes: WorkerProcesses, run: Run, folder: Path) -> Worker:
    return processes.start(Assignment(run, an_attempt(), RunFolder(folder).attempt(1)), str(folder))


def wait_for(worker: Worker) -> None:
    while worker.is_alive():
        time.sleep(0.02)


def finished(folder: Path) -> Finished:
    last = facts_of(folder)[-1]
    assert isinstance(last, Finished), (folder / "attempts" / "001" / "worker.log").read_text()
    return last


def test_every_member_of_a_sweep_trains_bit_for_bit_what_it_trains_alone(
    base: Path, tmp_path: Path, processes: WorkerProcesses
) -> None:
    """Silent killer: randomness or an adapter that another member has left behind. PiSSA changes the base itself."""
    adapter = LoraSettings(rank=4, alpha=8, dropout=0.1, init="pissa")
    members = {}
    for rate in (1e-3, 3e-3):
        folder = a_run_folder(tmp_path / f"swept-{rate}", base, adapter=adapter, learning_rate=rate)
        members[rate] = folder
        wait_for(start(processes, a_member(base, learning_rate=rate), folder))
    tokens = [len(list((folder / "data" / "tokens").glob("*/ids.npy"))) for folder in members.values()]
    assert tokens == [2, 0], "the second member reads what the first has tokenised: to train on, and held out"
    with Workers() as own:
        for rate, swept in members.items():
            folder = a_run_folder(tmp_path / f"alone-{rate}", base, adapter=adapter, learning_rate=rate)
            assert own.run(folder) == 0
            assert loss_bits(swept) == loss_bits(folder)
            assert finished(swept).adapter_sha256 == finished(folder).adapter_sha256


def test_a_member_that_is_killed_takes_nobody_with_it(base: Path, tmp_path: Path, processes: WorkerProcesses) -> None:
    folders = [a_run_folder(tmp_path / name, base, max_steps=60, epochs=90.0) for name in ("killed", "other", "later")]
    killed, other = (start(processes, a_member(base), folder) for folder in folders[:2])
    while not loss_bits(folders[0]):
        time.sleep(0.01)
    assert killed.process is not None
    assert other.process is not None
    assert psutil.Process(killed.process.pid).ppid() == psutil.Process(other.process.pid).ppid()
    os.kill(killed.process.pid, signal.SIGKILL)
    wait_for(killed)
    assert not killed.was_out_of_memory()
    wait_for(other)
    wait_for(start(processes, a_member(base), folders[2]))
    assert loss_bits(folders[1]) == loss_bits(folders[2])
    assert finished(folders[1]).adapter_sha256 == finished(folders[2]).adapter_sha256


def test_a_member_is_ended_when_that_is_wished(base: Path, tmp_path: Path, processes: WorkerProcesses) -> None:
    folder = a_run_folder(tmp_path / "run", base, max_steps=1000, epochs=100.0, examples=100)
    worker = start(processes, a_member(base), folder)
    while not loss_bits(folder):
        time.sleep(0.01)
    worker.end()
    assert not worker.is_alive()
    assert not worker.was_out_of_memory()


def test_a_run_of_no_sweep_is_begun_again_from_a_process_that_holds_no_base(
    base: Path, tmp_path: Path, processes: WorkerProcesses
) -> None:
    folder = a_run_folder(tmp_path / "run", base)
    wait_for(start(processes, alone(a_member(base)), folder))
    again = a_run_folder(tmp_path / "again", base)
    wait_for(start(processes, alone(a_member(base)), again))
    assert loss_bits(again) == loss_bits(folder)
    shared = psutil.Process(os.getpid()).children()
    lines = [process.cmdline() for process in shared if "forks" in process.cmdline()]
    assert [line[line.index("forks") + 1 :] for line in lines].count([]) == 1


def test_a_base_that_cannot_be_loaded_is_said_by_the_run_itself(tmp_path: Path) -> None:
    base = a_model_folder(tmp_path / "base")
    (base / "model.safetensors").unlink()
    folder = a_run_folder(tmp_path / "run", base)
    processes = WorkerProcesses()
    wait_for(start(processes, a_member(base), folder))
    processes.retire()
    failed = facts_of(folder)[-1]
    assert isinstance(failed, Failed)
    assert failed.problem.code == "models.damaged"


def test_only_members_with_the_same_base_and_precision_come_from_one_process(base: Path) -> None:
    member = a_member(base)
    assert common_of(member) == common_of(a_member(base, learning_rate=2e-3))
    assert common_of(member) != common_of(a_member(base, precision="fp32"))
    assert common_of(member) != common_of(a_member(base, "sweep_2"))
    assert common_of(member) != common_of(alone(member))
    assert common_of(alone(member)) == common_of(alone(a_member(base, precision="fp32")))
    assert common_of(a_member(base, processes=2)) is None
    on_gpu = member.plan.model_copy(update={"device": "cuda"})
    assert common_of(member.model_copy(update={"plan": on_gpu})) is None
