"""Keeps at most one process that runs models for chatting: started when needed, anew when lost, ended when idle."""

import importlib.util
import threading
from collections.abc import Generator

from luthier.domain.chat import ChatPiece, ChatRequest
from luthier.domain.errors import PackageMissing
from luthier.orchestration.chat_process import ChatProcess
from luthier.orchestration.launch import worker_environment
from luthier.planning.decisions import Ledger
from luthier.planning.environment import settle_environment
from luthier.planning.machine import probe_machine
from luthier.services.folders import Folders

IDLE_SECONDS = 600.0  # a model's memory is given back after so long without a question


class Inference:
    """Thread-safe: answers for several threads stream at the same time."""

    def __init__(self, folders: Folders, idle_seconds: float = IDLE_SECONDS) -> None:
        self._folders = folders
        self._idle_seconds = idle_seconds
        self._lock = threading.Lock()
        self._process: ChatProcess | None = None
        self._curfew: threading.Timer | None = None

    @property
    def is_running(self) -> bool:
        process = self._process
        return process is not None and process.is_alive

    def stream(self, request: ChatRequest) -> Generator[ChatPiece, None, None]:
        """Raises PackageMissing, ReportedProblem for what went wrong with the answer, and ChatWorkerLost."""
        if importlib.util.find_spec("torch") is None:
            raise PackageMissing(package="torch", extra="train")
        with self._lock:
            self._lift_curfew()
            process = self._running()
        try:
            yield from process.answer(request)
        finally:
            self._set_curfew()

    def close(self) -> None:
        with self._lock:
            self._lift_curfew()
            self._end()

    def _running(self) -> ChatProcess:
        if self._process is None or not self._process.is_alive:
            self._end()
            settled = settle_environment(probe_machine(self._folders.root), Ledger({}))
            self._process = ChatProcess(self._folders.logs / "chat.log", worker_environment(settled))
        return self._process

    def _set_curfew(self) -> None:
        with self._lock:
            self._lift_curfew()
            if self._process is not None:
                self._curfew = threading.Timer(self._idle_seconds, self._end_when_idle)
                self._curfew.daemon = True
                self._curfew.start()

    def _lift_curfew(self) -> None:
        if self._curfew is not None:
            self._curfew.cancel()
            self._curfew = None

    def _end_when_idle(self) -> None:
        with self._lock:
            if self._process is not None and not self._process.is_busy:
                self._end()

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.end()
