"""`python -m tests.chaos.floor_processes ROOT`: forks supervisors and clients of one workspace when told to on stdin.

Everything is imported once, so that a process costs milliseconds. Supervisor, store, history and queue are the real
ones; a worker writes real journals and real checkpoints, and computes nothing.
"""

import ctypes
import os
import random
import signal
import sys
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import cast

import orjson
from filelock import Timeout

from luthier.domain.errors import NotAllowedNow
from luthier.domain.queues import Priority
from luthier.domain.run_states import HAND_MOVES, RunMove, RunState
from luthier.kit.clock import SystemClock
from luthier.kit.processes import ProcessIdentity, identity_of
from luthier.orchestration.launch import supervisor_lock
from luthier.orchestration.supervisor import Supervisor
from luthier.orchestration.workers import Worker, WorkerProcesses
from luthier.services.attempts import Assignment, Attempts
from luthier.services.folders import Folders
from luthier.services.plans import Plans
from luthier.services.queue import Queue
from luthier.services.run_history import History
from luthier.services.run_moves import move_run
from luthier.services.runs import Runs
from luthier.settings import Settings
from luthier.store import Store, open_store
from tests.builders import a_run
from tests.builders.machines import AShared
from tests.orchestration.simulated import SimulatedWorker

STEPS = 40
_RUNS = 12
_PR_SET_CHILD_SUBREAPER = 36


def store_of(folders: Folders) -> Store:
    return open_store(folders.database, recorder=History(folders, SystemClock()))


def ack_file(folders: Folders) -> Path:
    return folders.root / "acknowledged.jsonl"


class ForkedWorkers(WorkerProcesses):
    def start(self, assignment: Assignment, run_folder: str) -> Worker:
        pid = _forked(lambda: _train(assignment, Path(run_folder)))
        return self.find(identity_of(pid))

    def find(self, process: ProcessIdentity | None) -> Worker:
        return super().find(process)


def _train(assignment: Assignment, run_folder: Path) -> None:
    worker = SimulatedWorker(os.getpid(), assignment, run_folder, SystemClock())
    successor = run_folder / "attempts" / f"{assignment.attempt.number + 1:03d}" / "job.json"
    while worker.alive and not successor.exists():
        worker.beat()
        if worker.step < STEPS:
            worker.work()
        else:
            worker.say("phase", phase="completing")
            worker.finish()
        time.sleep(0.004)


def supervise(folders: Folders) -> None:
    store, clock = store_of(folders), SystemClock()
    queue = Queue(store, folders, AShared(runs_at_once=3))
    attempts = Attempts(store, folders, clock, queue, f"here:{folders.root}/{os.getpid()}")
    settings = Settings(home=folders.root, worker_silence_seconds=0.3, worker_grace_seconds=1)
    supervisor = Supervisor(attempts, folders, settings, clock, ForkedWorkers())
    while True:
        try:
            with supervisor_lock(folders):
                supervisor.work()
        except Timeout:
            time.sleep(0.01)


def rival(folders: Folders) -> None:
    """Wants to be the one supervisor, and says whether it is."""
    said = folders.root / f"rival-{os.getpid()}"
    try:
        with supervisor_lock(folders):
            said.write_text("won")
            time.sleep(3600)
    except Timeout:
        said.write_text("lost")


def ask(folders: Folders, seed: int) -> None:
    """Moves runs at random for ever; each move carries its own author, and is acknowledged after its commit."""
    chance, store, clock = random.Random(seed), store_of(folders), SystemClock()
    runs = Runs(store, folders, cast(Plans, None), clock, wake=lambda: None)
    acks = os.open(ack_file(folders), os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    for number in count():
        author = f"client-{seed}-{number}"
        known = runs.list(limit=_RUNS)
        if sum(run.state is not RunState.COMPLETED for run in known) < _RUNS / 2:
            run_id, move = _submit(store, folders, author), RunMove.SUBMIT
        else:
            run_id, move = chance.choice(known).run_id, chance.choice((*HAND_MOVES, RunMove.RESUME, RunMove.RETRY))
            try:
                getattr(runs, move.value)(run_id, author)
            except NotAllowedNow:
                continue
        os.write(acks, orjson.dumps({"author": author, "run_id": run_id, "move": move.value}) + b"\n")
        time.sleep(chance.uniform(0, 0.1))


def _submit(store: Store, folders: Folders, author: str) -> str:
    run = a_run(name=f"run-{author}", state=RunState.CREATED, dataset_id="ds_1", priority=Priority.NORMAL)
    data = folders.run(run.run_id).train_file
    data.parent.mkdir(parents=True)
    data.write_text("{}\n")
    with store.writing() as tx:
        tx.runs.add(run)
        move_run(tx, run, RunMove.SUBMIT, author=author, cause="submitted", at=SystemClock().now())
    return run.run_id


def _forked(work: Callable[[], None]) -> int:
    """The child has a session of its own, and none of the files that its parent had open: they carry its locks."""
    pid = os.fork()
    if pid:
        return pid
    try:
        os.setsid()
        os.closerange(3, 256)
        work()
    finally:
        os._exit(0)


def main(root: Path) -> None:
    folders = Folders(root)
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)  # workers outlive their supervisors, and we end them
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for them
    for line in sys.stdin:
        match line.split():
            case ["supervisor"]:
                pid = _forked(lambda: supervise(folders))
            case ["rival"]:
                pid = _forked(lambda: rival(folders))
            case ["client", seed]:
                pid = _forked(lambda seed=seed: ask(folders, int(seed)))  # type: ignore[misc]
            case _:
                raise ValueError(line)
        sys.stdout.write(f"{pid}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
