"""Keeps at most one process that runs models for asking: started when needed, anew when lost, ended when idle."""

import importlib.util
import threading
from collections.abc import Generator

from luthier.domain.chat import (
    ChatLimits,
    ChatPiece,
    ChatRequest,
    Embedding,
    EmbeddingRequest,
    Likelihood,
    LikelihoodRequest,
)
from luthier.domain.errors import PackageMissing
from luthier.domain.machine import Machine
from luthier.orchestration.chat_process import ChatProcess
from luthier.orchestration.launch import worker_environment
from luthier.planning.decisions import Ledger
from luthier.planning.environment import settle_environment
from luthier.planning.machine import probe_machine
from luthier.services.folders import Folders
from luthier.settings import Settings

_UNKNOWN_MEMORY = 1e15  # bytes of a machine that does not tell: loading a model then shows whether it fits
_SHARE_OF_MEMORY = 0.5  # that the models which answer may take when the settings do not say


class Inference:
    """Thread-safe: answers for several threads stream at the same time."""

    def __init__(self, folders: Folders, settings: Settings) -> None:
        self._folders = folders
        self._settings = settings
        self._lock = threading.Lock()
        self._process: ChatProcess | None = None
        self._curfew: threading.Timer | None = None

    @property
    def is_running(self) -> bool:
        process = self._process
        return process is not None and process.is_alive

    @property
    def is_busy(self) -> bool:
        """Whether somebody waits for an answer."""
        process = self._process
        return process is not None and process.is_busy

    def stream(self, request: ChatRequest) -> Generator[ChatPiece, None, None]:
        """Raises PackageMissing, ReportedProblem for what went wrong with the answer, and ChatWorkerLost."""
        process = self._ready()
        try:
            yield from process.answer(request)
        finally:
            self._set_curfew()

    def embed(self, request: EmbeddingRequest) -> tuple[Embedding, ...]:
        """One for each text. Raises what `stream` raises."""
        process = self._ready()
        try:
            return process.embed(request)
        finally:
            self._set_curfew()

    def weigh(self, request: LikelihoodRequest) -> Likelihood:
        """Raises what `stream` raises."""
        process = self._ready()
        try:
            return process.weigh(request)
        finally:
            self._set_curfew()

    def close(self) -> None:
        with self._lock:
            self._lift_curfew()
            self._end()

    def _ready(self) -> ChatProcess:
        if importlib.util.find_spec("torch") is None:
            raise PackageMissing(package="torch", extra="train")
        with self._lock:
            self._lift_curfew()
            if self._process is None or not self._process.is_alive:
                self._end()
                machine = probe_machine(self._folders.root)
                limits = _limits(self._settings, machine)
                environment = worker_environment(settle_environment(machine, Ledger({}), device=limits.device))
                self._process = ChatProcess(self._folders.logs / "chat.log", environment, limits)
            return self._process

    def _set_curfew(self) -> None:
        with self._lock:
            self._lift_curfew()
            if self._process is not None:
                self._curfew = threading.Timer(self._settings.inference_idle_seconds, self._end_when_idle)
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


def _limits(settings: Settings, machine: Machine) -> ChatLimits:
    own, device = settings.inference_memory_gb, settings.inference_device
    gpus = [gpu.memory_bytes for gpu in machine.gpus if gpu.backend == device]
    there = max(gpus, default=0) if device != "cpu" else machine.memory_bytes
    return ChatLimits(
        device=device,
        memory_bytes=int(own * 1e9 if own is not None else (there or _UNKNOWN_MEMORY) * _SHARE_OF_MEMORY),
        answers_at_once=settings.answers_at_once,
        waiting=settings.answers_waiting,
        wait_seconds=settings.answer_wait_seconds,
        idle_seconds=settings.inference_idle_seconds,
    )
