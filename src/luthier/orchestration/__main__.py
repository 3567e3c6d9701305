"""`python -m luthier.orchestration`: the supervisor process of the workspace that the settings name."""

import logging
import signal
import socket
import sys
from types import FrameType

from filelock import Timeout

from luthier.kit.clock import SystemClock
from luthier.kit.ids import new_id
from luthier.kit.json_logs import json_lines_to
from luthier.orchestration.launch import supervisor_lock
from luthier.orchestration.notifying import notifying
from luthier.orchestration.supervisor import Supervisor
from luthier.orchestration.workers import WorkerProcesses
from luthier.services.attempts import Attempts
from luthier.services.folders import Folders
from luthier.services.kept_settings import KeptSettings
from luthier.services.machine import MachineProfile
from luthier.services.queue import Queue
from luthier.services.run_history import History
from luthier.settings import Settings
from luthier.store import open_store


def main() -> int:
    given, clock = Settings(), SystemClock()
    folders = Folders(given.workspace_folder)
    settings = KeptSettings(given, folders).read()
    logging.basicConfig(level=logging.INFO, handlers=[json_lines_to(folders.logs / "supervisor.log")])
    store = open_store(settings.database_url or folders.database, recorder=History(folders, clock))
    queue = Queue(store, folders, MachineProfile(folders, clock, runs_at_once=settings.runs_at_once))
    holder = f"{socket.gethostname()}:{folders.root}/{new_id('sup')}"
    attempts = Attempts(store, folders, clock, queue, holder)
    workers = WorkerProcesses()
    supervisor = Supervisor(attempts, folders, settings, clock, workers)

    def end(_number: int, _frame: FrameType | None) -> None:
        supervisor.end()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # closing the terminal must not end runs
    try:
        while True:
            with supervisor_lock(folders), notifying(store, folders, settings, clock):
                supervisor.work()
            # Somebody may have queued a run after the last look, and have seen the lock still held.
            if supervisor.ended or not supervisor.has_work():
                return 0
    except Timeout:
        return 0  # another supervisor is at work
    finally:
        workers.retire()
        store.close()


if __name__ == "__main__":
    sys.exit(main())
