"""Workers that are forked from a process which has loaded what they have in common."""

import subprocess
import sys
import threading
from collections import deque
from pathlib import Path
from typing import NamedTuple

from luthier.domain.forks import Forked, ForkEnded, ForkRequest, FromForks
from luthier.domain.runs import Run
from luthier.kit.children import end_child
from luthier.kit.processes import ProcessIdentity, end_tree, identity_of, is_alive
from luthier.orchestration.launch import worker_environment
from luthier.orchestration.out_of_memory import oom_kills

_GRACE_SECONDS = 2.0
_WORD_SECONDS = 1.0  # how a worker has ended is told a moment after it is gone


class Common(NamedTuple):
    """What runs must have in common to come from one process."""

    environment: tuple[tuple[str, str], ...]
    sweep_id: str = ""
    base_folder: str = ""  # whose weights it holds; none for a run of no sweep, which has them for itself
    precision: str = ""


def common_of(run: Run) -> Common | None:
    """None for a run that has a process of its own: one on a GPU, or divided among processes.

    Runs of no sweep share the programs alone, so that a worker which was killed is back in a second.
    """
    if run.plan.device != "cpu" or run.plan.settings.processes > 1:
        return None
    environment = tuple(sorted(worker_environment(run.plan.environment).items()))
    if run.sweep is None:
        return Common(environment)
    return Common(environment, run.sweep.sweep_id, run.base_folder, run.plan.settings.precision)


class ForkedWorker:
    """One that was asked for; it has no process until its turn has come."""

    def __init__(self, forks: "Forks") -> None:
        self._forks = forks
        self._kills_before = oom_kills()
        self._ended_by_us = False
        self._over = threading.Event()
        self._process: ProcessIdentity | None = None
        self._code: int | None = None

    @property
    def process(self) -> ProcessIdentity | None:
        return self._process

    def is_alive(self) -> bool:
        if self._over.is_set():
            return False
        return self._forks.is_alive if self._process is None else is_alive(self._process)

    def end(self) -> None:
        self._ended_by_us = self._ended_by_us or self.is_alive()
        if self._process is None:
            self._forks.end()  # nothing else can call off what it has been asked for
        else:
            end_tree(self._process, _GRACE_SECONDS)

    def was_out_of_memory(self) -> bool:
        self._over.wait(_WORD_SECONDS)
        return self._code == -9 and not self._ended_by_us and oom_kills() > self._kills_before

    def began(self, pid: int) -> None:
        self._process = identity_of(pid)

    def ended(self, code: int | None) -> None:
        """None when nobody is left who could know."""
        self._code = code
        self._over.set()


class Forks:
    """The process that forks. It ends by itself when it is idle, and when we end; its workers go on."""

    def __init__(self, common: Common, log: Path) -> None:
        self.common = common
        self._lock = threading.Lock()
        self._asked: deque[ForkedWorker] = deque()
        self._at_work: dict[int, ForkedWorker] = {}
        log.parent.mkdir(parents=True, exist_ok=True)
        with open(log, "ab") as errors:
            self._process = subprocess.Popen(  # noqa: S603 - our own module
                [
                    sys.executable,
                    "-m",
                    "luthier.engine",
                    "forks",
                    *filter(None, (common.base_folder, common.precision)),
                ],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                env=dict(common.environment),
                bufsize=0,
                start_new_session=True,
            )
        self._reader = threading.Thread(target=self._listen, name="forks", daemon=True)
        self._reader.start()

    @property
    def is_alive(self) -> bool:
        return self._process.poll() is None

    def start(self, run_folder: str, attempt: int, log: Path) -> ForkedWorker:
        """Raises OSError when the process is gone."""
        assert self._process.stdin is not None
        request = ForkRequest(run_folder=run_folder, attempt=attempt, log=str(log))
        worker = ForkedWorker(self)
        with self._lock:
            self._process.stdin.write(request.model_dump_json().encode() + b"\n")
            self._asked.append(worker)
        return worker

    def retire(self) -> None:
        """Nothing more will be asked; what was asked is done first."""
        assert self._process.stdin is not None
        self._process.stdin.close()

    def end(self) -> None:
        end_child(self._process)

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            with self._lock:
                match FromForks.validate_json(line):
                    case Forked(pid=pid):
                        self._at_work[pid] = self._asked.popleft()
                        self._at_work[pid].began(pid)
                    case ForkEnded(pid=pid, code=code):
                        self._at_work.pop(pid).ended(code)
        self._process.wait()
        with self._lock:
            for worker in self._asked:
                worker.ended(None)
