"""Worker processes as a supervisor handles them: started, found again, seen to be alive, ended."""

import subprocess
import sys
from pathlib import Path
from typing import Protocol

from luthier.kit.processes import ProcessIdentity, end_tree, identity_of, is_alive
from luthier.orchestration.launch import start_worker
from luthier.orchestration.out_of_memory import oom_kills
from luthier.orchestration.warm_starts import Common, Forks, common_of
from luthier.services.attempts import Assignment

_GRACE_SECONDS = 2.0


class Worker(Protocol):
    @property
    def process(self) -> ProcessIdentity | None: ...

    def is_alive(self) -> bool: ...

    def end(self) -> None:
        """Ends it and everything it started; returns when they are gone."""

    def was_out_of_memory(self) -> bool:
        """Whether the system ended it for want of memory, as far as the system tells."""


class Workers(Protocol):
    def start(self, assignment: Assignment, run_folder: str) -> Worker:
        """Raises OSError when it cannot be started."""

    def find(self, process: ProcessIdentity | None) -> Worker:
        """One that an earlier supervisor has started; None is one whose process nobody noted."""

    def identify(self, pid: int) -> ProcessIdentity | None: ...


class WorkerProcesses:
    """They come from processes that have loaded what they share, where processes can be forked."""

    def __init__(self) -> None:
        self._forks: dict[Common, Forks] = {}

    def start(self, assignment: Assignment, run_folder: str) -> Worker:
        common = common_of(assignment.run) if sys.platform == "linux" else None
        if common is not None:
            return self._fork(common, assignment, run_folder)
        kills = oom_kills()
        return _Child(start_worker(assignment, run_folder), kills)

    def _fork(self, common: Common, assignment: Assignment, run_folder: str) -> Worker:
        number, log = assignment.attempt.number, assignment.folder.log
        try:
            return self._forks_of(common, log).start(run_folder, number, log)
        except BrokenPipeError:  # it was idle, and ended at this very moment
            self._forks.pop(common).retire()
            return self._forks_of(common, log).start(run_folder, number, log)

    def retire(self) -> None:
        """Lets go of the processes that fork; their workers go on."""
        while self._forks:
            self._forks.popitem()[1].retire()

    def _forks_of(self, common: Common, log: Path) -> Forks:
        """Those that hold a base end when something else is asked for; they would hold it for nobody."""
        for other in [other for other, forks in self._forks.items() if not forks.is_alive or _is_over(other, common)]:
            self._forks.pop(other).retire()
        if common not in self._forks:
            self._forks[common] = Forks(common, log)
        return self._forks[common]

    def find(self, process: ProcessIdentity | None) -> Worker:
        return _Stranger(process)

    def identify(self, pid: int) -> ProcessIdentity | None:
        return identity_of(pid)


def _is_over(other: Common, wanted: Common) -> bool:
    return bool(other.base_folder and wanted.base_folder) and other != wanted


class _Child:
    def __init__(self, child: "subprocess.Popen[bytes]", kills_before: int) -> None:
        self._child = child
        self._kills_before = kills_before
        self._process = identity_of(child.pid)
        self._ended_by_us = False

    @property
    def process(self) -> ProcessIdentity | None:
        return self._process

    def is_alive(self) -> bool:
        return self._child.poll() is None

    def end(self) -> None:
        self._ended_by_us = self._ended_by_us or self.is_alive()
        if self._process is not None:
            end_tree(self._process, _GRACE_SECONDS)
        self._child.wait()

    def was_out_of_memory(self) -> bool:
        killed = self._child.poll() == -9 and not self._ended_by_us
        return killed and oom_kills() > self._kills_before


class _Stranger:
    def __init__(self, process: ProcessIdentity | None) -> None:
        self._process = process

    @property
    def process(self) -> ProcessIdentity | None:
        return self._process

    def is_alive(self) -> bool:
        return self._process is not None and is_alive(self._process)

    def end(self) -> None:
        if self._process is not None:
            end_tree(self._process, _GRACE_SECONDS)

    def was_out_of_memory(self) -> bool:
        return False  # how it ended is told only to the process that started it
