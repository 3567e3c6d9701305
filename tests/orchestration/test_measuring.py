"""Measuring as a process that can end in every way; what it measures is tried with the engine."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from filelock import FileLock, Timeout

from luthier.domain.errors import LuthierError, ReportedProblem
from luthier.domain.jobs import Progress
from luthier.domain.measuring import MeasuringLost, MeasuringState, MeasuringUnderWay
from luthier.kit.clock import SystemClock
from luthier.orchestration.measuring import Measuring
from luthier.services.folders import Folders
from luthier.services.machine import MachineProfile
from tests.builders import some_rates

HEAD = "import sys, time\norder = sys.stdin.read()\n"
STEP = 'print(\'{"kind":"progress","what":"copying","done":1,"total":2}\', flush=True)\n'


def a_measurement() -> str:
    document = some_rates().model_dump_json(include={"torch", "threads", "devices", "disk_bytes_per_second"})
    return "print(" + repr('{"kind":"measurement",' + document[1:]) + ", flush=True)\n"


class Bench:
    """Measuring with a program of one's own in place of the engine."""

    def __init__(self, folders: Folders) -> None:
        self.folders = folders
        self.machine = MachineProfile(folders, SystemClock(), busy_seconds=0.02)

    def with_program(self, program: str) -> Measuring:
        return Measuring(self.folders, self.machine, SystemClock(), measurer=("-c", HEAD + program))


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    folders = Folders(tmp_path)
    folders.locks.mkdir()
    yield Bench(folders)


def ended(measuring: Measuring) -> MeasuringState:
    """Waits for the end; the suite's own time limit is the only one."""
    while measuring.standing().state is MeasuringState.RUNNING:
        time.sleep(0.01)
    return measuring.standing().state


def test_what_was_measured_is_kept_for_this_machine(bench: Bench) -> None:
    said: list[Progress] = []
    rates = bench.with_program(STEP + a_measurement()).run(said.append)
    assert rates == bench.machine.rates()
    assert rates.fingerprint == bench.machine.get().fingerprint
    assert Progress(what="copying", done=1, total=2) in said


def test_in_the_background_it_says_how_far_it_is_and_ends_by_itself(bench: Bench) -> None:
    measuring = bench.with_program(STEP + a_measurement())
    assert measuring.standing().state is MeasuringState.IDLE
    assert measuring.begin().state is MeasuringState.RUNNING
    assert ended(measuring) is MeasuringState.DONE
    assert bench.machine.rates() is not None


def test_one_that_is_called_off_ends_its_process_and_keeps_nothing(bench: Bench) -> None:
    measuring = bench.with_program(STEP + "time.sleep(600)\n")
    measuring.begin()
    while (progress := measuring.standing().progress) is None or progress.what != "copying":
        time.sleep(0.01)
    assert measuring.cancel().state is MeasuringState.CANCELLED
    bench_is_free_again(bench)
    assert measuring.standing().state is MeasuringState.CANCELLED
    assert bench.machine.rates() is None


def bench_is_free_again(bench: Bench) -> None:
    """Whoever measured has let go of the lock, which is its last act."""
    while True:
        try:
            with FileLock(bench.folders.locks / "measuring.lock", timeout=0):
                return
        except Timeout:
            time.sleep(0.01)


def test_called_off_before_its_process_is_there_it_keeps_nothing_either(bench: Bench) -> None:
    measuring = bench.with_program(a_measurement())
    measuring.begin()
    measuring.cancel()
    bench_is_free_again(bench)
    assert bench.machine.rates() is None


def test_two_at_once_are_refused_whoever_began_the_first(bench: Bench) -> None:
    first = bench.with_program("time.sleep(600)\n")
    first.begin()
    with pytest.raises(MeasuringUnderWay):
        bench.with_program(a_measurement()).run(lambda _: None)
    with pytest.raises(MeasuringUnderWay):
        bench.with_program(a_measurement()).begin()
    first.close()
    bench_is_free_again(bench)


@pytest.mark.parametrize(
    ("program", "error"),
    [
        ("sys.stderr.write('out of something'); sys.exit(7)\n", MeasuringLost),
        (STEP, MeasuringLost),
        ("import os; os.kill(os.getpid(), 9)\n", MeasuringLost),
        (
            'print(\'{"kind":"failed","problem":{"code":"disk.full","sentence":"No space."}}\', flush=True)\n',
            ReportedProblem,
        ),
        ("print('Warning: not what was agreed', flush=True)\n", MeasuringLost),
    ],
)
def test_a_process_that_ends_badly_is_an_error_and_earlier_rates_stay(
    bench: Bench, program: str, error: type[LuthierError]
) -> None:
    earlier = bench.with_program(a_measurement()).run(lambda _: None)
    with pytest.raises(error) as raised:
        bench.with_program(program).run(lambda _: None)
    assert raised.value.problem.sentence
    assert bench.machine.rates() == earlier
    measuring = bench.with_program(program)
    measuring.begin()
    assert ended(measuring) is MeasuringState.FAILED
    assert measuring.standing().problem is not None


def test_what_it_complained_of_is_in_the_details(bench: Bench) -> None:
    with pytest.raises(MeasuringLost) as raised:
        bench.with_program("sys.stderr.write('out of something'); sys.exit(7)\n").run(lambda _: None)
    assert "out of something" in raised.value.problem.details
    assert "exit code 7" in raised.value.problem.sentence


def test_whoever_loses_interest_ends_the_process(bench: Bench) -> None:
    class Enough(Exception):
        pass

    def stop(progress: Progress) -> None:
        if progress.what == "copying":
            raise Enough

    measuring = bench.with_program(STEP + "time.sleep(600)\n")
    with pytest.raises(Enough):
        measuring.run(stop)
    bench_is_free_again(bench)
