"""Measures this machine in a process of the engine: at most one at a time, watched, and called off at any moment."""

import importlib.util
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import IO

from filelock import FileLock, Timeout

from luthier.domain.errors import LuthierError, PackageMissing, ReportedProblem, UnexpectedFailure
from luthier.domain.jobs import Progress
from luthier.domain.machine import Rates
from luthier.domain.measuring import (
    FromMeasuring,
    Measurement,
    MeasuringFailed,
    MeasuringLost,
    MeasuringOrder,
    MeasuringStanding,
    MeasuringState,
    MeasuringUnderWay,
)
from luthier.kit.children import end_child
from luthier.kit.clock import Clock
from luthier.orchestration.launch import worker_environment
from luthier.planning.decisions import Ledger
from luthier.planning.environment import settle_environment
from luthier.services.folders import Folders
from luthier.services.machine import MachineProfile
from luthier.services.models import starter_shape

OnProgress = Callable[[Progress], None]
MEASURER = ("-m", "luthier.engine.rates")
_LAST_WORDS = 4000  # characters


class _CalledOff(Exception):
    """Raised where progress is noted, to end the work in the background."""


class Measuring:
    """Thread-safe."""

    def __init__(
        self, folders: Folders, machine: MachineProfile, clock: Clock, measurer: tuple[str, ...] = MEASURER
    ) -> None:
        self._folders = folders
        self._machine = machine
        self._clock = clock
        self._measurer = measurer
        self._lock = threading.Lock()
        self._standing = MeasuringStanding()
        self._child: subprocess.Popen[bytes] | None = None
        self._called_off = False

    def run(self, on_progress: OnProgress) -> Rates:
        """Here and now, for up to a minute; whatever `on_progress` raises ends it.

        Raises MeasuringUnderWay, PackageMissing, MeasuringLost, and ReportedProblem for what went wrong inside.
        """
        lock = self._taken()
        try:
            return self._measure(on_progress)
        finally:
            lock.release()

    def begin(self) -> MeasuringStanding:
        """In the background of this process."""
        lock = self._taken()
        started = MeasuringStanding(
            state=MeasuringState.RUNNING,
            progress=Progress(what="starting", done=0, total=0),
            started_at=self._clock.now(),
        )
        with self._lock:
            self._called_off, self._standing = False, started
        threading.Thread(target=self._run_locked, args=(lock,), name="measuring", daemon=True).start()
        return started

    def standing(self) -> MeasuringStanding:
        with self._lock:
            return self._standing

    def cancel(self) -> MeasuringStanding:
        """Nothing of it is kept; earlier rates stay. One that has ended stays as it ended."""
        with self._lock:
            if self._standing.state is MeasuringState.RUNNING:
                self._called_off = True
                self._standing = MeasuringStanding(state=MeasuringState.CANCELLED)
            child = self._child
        if child is not None:
            with suppress(ProcessLookupError):
                child.terminate()
        return self.standing()

    def close(self) -> None:
        self.cancel()

    def _taken(self) -> FileLock:
        if importlib.util.find_spec("torch") is None:
            raise PackageMissing(package="torch", extra="train")
        lock = FileLock(self._folders.locks / "measuring.lock", timeout=0, thread_local=False)
        try:
            lock.acquire()
        except Timeout:
            raise MeasuringUnderWay from None
        return lock

    def _run_locked(self, lock: FileLock) -> None:
        broken_off = UnexpectedFailure(what="the measuring broke off").problem
        ended = MeasuringStanding(state=MeasuringState.FAILED, problem=broken_off)
        try:
            rates = self._measure(self._note)
            ended = MeasuringStanding(state=MeasuringState.DONE, kept=self._machine.rates() == rates)
        except _CalledOff:
            pass
        except LuthierError as error:
            ended = ended.model_copy(update={"problem": error.problem})
        finally:
            self._end(ended)
            lock.release()

    def _note(self, progress: Progress) -> None:
        with self._lock:
            if self._called_off:
                raise _CalledOff
            self._standing = self._standing.model_copy(update={"progress": progress})

    def _end(self, ended: MeasuringStanding) -> None:
        with self._lock:
            if not self._called_off:
                self._standing = ended

    def _measure(self, on_progress: OnProgress) -> Rates:
        on_progress(Progress(what="seeing how busy the machine is", done=0, total=0))
        busy = self._machine.busy_share()
        machine = self._machine.get(refresh=True)
        order = MeasuringOrder(folder=str(self._folders.root), base="starter", shape=starter_shape())
        on_progress(Progress(what="loading torch", done=0, total=0))
        environment = worker_environment(settle_environment(machine, Ledger({})))
        found = self._asked(order, environment, on_progress)
        on_progress(Progress(what="keeping the rates", done=1, total=1))
        rates = Rates(
            fingerprint=machine.fingerprint,
            measured_at=self._clock.now(),
            busy_share=busy,
            **found.model_dump(exclude={"kind"}),
        )
        self._machine.keep(rates)
        return rates

    def _asked(self, order: MeasuringOrder, environment: dict[str, str], on_progress: OnProgress) -> Measurement:
        with tempfile.TemporaryFile() as complaints:
            child = subprocess.Popen(  # noqa: S603 - arguments are ours, no shell
                [sys.executable, *self._measurer],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=complaints,
                env=environment,
            )
            with self._lock:
                self._child = child
            try:
                found = _conversation(child, order, on_progress)
                code = child.wait()
            finally:
                self._forget(child)
            if found is None:
                raise MeasuringLost(code=code, details=_end_of(complaints))
            return found

    def _forget(self, child: "subprocess.Popen[bytes]") -> None:
        with self._lock:
            self._child = None
        if child.poll() is None:
            end_child(child)
        for stream in (child.stdin, child.stdout):
            if stream is not None:
                stream.close()


def _conversation(
    child: "subprocess.Popen[bytes]", order: MeasuringOrder, on_progress: OnProgress
) -> Measurement | None:
    """None when the process ended without a last word."""
    assert child.stdin is not None and child.stdout is not None
    with suppress(BrokenPipeError):
        child.stdin.write(order.model_dump_json().encode())
        child.stdin.close()
    for line in child.stdout:
        match _message(line):
            case None:
                continue
            case Measurement() as found:
                return found
            case MeasuringFailed(problem=problem):
                raise ReportedProblem(problem)
            case Progress() as progress:
                on_progress(progress)
    return None


def _message(line: bytes) -> Measurement | MeasuringFailed | Progress | None:
    """None for what some library printed on its own account."""
    try:
        return FromMeasuring.validate_json(line)
    except ValueError:
        return None


def _end_of(complaints: "IO[bytes]") -> str:
    complaints.seek(0)
    return complaints.read().decode(errors="replace")[-_LAST_WORDS:]
