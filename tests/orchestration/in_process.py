"""A workspace with a real supervisor whose workers act in this process, one whole attempt at a time."""

import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import safetensors.torch
from tokenizers import Tokenizer

from luthier.domain.adapters import FullSettings, LoraSettings
from luthier.domain.events import Event
from luthier.domain.recipes import HealthSpec
from luthier.domain.run_states import ACTIVE, RunState
from luthier.domain.runs import Run
from luthier.engine.crash_points import CrashPoints
from luthier.engine.worker import run_attempt
from luthier.kit.clock import SystemClock
from luthier.kit.processes import ProcessIdentity
from luthier.orchestration.launch import supervisor_lock
from luthier.orchestration.supervisor import Supervisor
from luthier.orchestration.workers import Worker
from luthier.services.attempts import Assignment, Attempts
from luthier.services.queue import Queue
from luthier.services.run_history import History
from luthier.settings import Settings
from luthier.store import open_store
from luthier.workspace import Workspace
from tests.builders import a_plan, a_recipe, a_run
from tests.builders.jobs import a_run_folder
from tests.builders.machines import AShared, a_machine
from tests.builders.models import a_model_folder
from tests.builders.plans import training_settings

Attempt = Callable[[Path, int], bool]  # run folder and number to whether the system ended it for want of memory
TINY = {"max_length": 256, "batch_size": 4, "micro_batch_tokens": 256, "evaluate_every": 1000, "epochs": 100.0}


BROKEN_LETTER = "b"  # stands in "ebony" alone: in one example of ten
FAR_TOO_FAST: dict[str, Any] = {
    "adapter": FullSettings(kind="full"),
    "learning_rate": 0.1,
    "warmup_ratio": 0.5,
    "max_gradient_norm": 1e9,
    "schedule": "constant",
    "max_steps": 60,
}


def a_broken_base(folder: Path) -> Path:
    """One letter was never trained: its embedding is not a number, as those of reserved tokens may be."""
    a_model_folder(folder, tie_word_embeddings=False)
    weights = safetensors.torch.load_file(folder / "model.safetensors")
    letter = Tokenizer.from_file(str(folder / "tokenizer.json")).token_to_id(BROKEN_LETTER)
    weights["model.embed_tokens.weight"][letter] = float("nan")
    safetensors.torch.save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    return folder


def a_tuned_base(folder: Path, base: Path) -> Path:
    """It knows the examples already, so that there is something to lose."""
    kept: dict[str, Any] = {"checkpoint_every": 1000, "evaluate_every": 1000, "max_steps": 80, "epochs": 100.0}
    a_run_folder(folder, base, examples=40, adapter=FullSettings(kind="full"), learning_rate=1e-2, **kept)
    with _own_signals():
        whole_attempt(folder, 1)
    return folder / "model"


def whole_attempt(run_folder: Path, number: int) -> bool:
    run_attempt(run_folder, number, CrashPoints())
    return False


class Ended:
    """A worker that has done everything it will do."""

    process = None

    def __init__(self, out_of_memory: bool) -> None:
        self._out_of_memory = out_of_memory

    def is_alive(self) -> bool:
        return False

    def end(self) -> None: ...

    def was_out_of_memory(self) -> bool:
        return self._out_of_memory


class InProcess:
    """`first` takes the place of the first attempt."""

    def __init__(self, first: Attempt) -> None:
        self._first = first
        self._last = Ended(out_of_memory=False)

    def start(self, assignment: Assignment, run_folder: str) -> Worker:
        number = assignment.attempt.number
        act = self._first if number == 1 else whole_attempt
        with _own_signals():
            self._last = Ended(act(Path(run_folder), number))
        return self._last

    def find(self, process: ProcessIdentity | None) -> Worker:
        return self._last

    def identify(self, pid: int) -> ProcessIdentity | None:
        return None


@contextmanager
def _own_signals() -> Iterator[None]:
    kept = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in kept.items():
        signal.signal(number, handler)


class Workshop:
    """Holds the supervisor's lock, so that no other one is started for its workspace."""

    def __init__(self, home: Path) -> None:
        settings = Settings(home=home)
        self.workspace = Workspace(settings, SystemClock())
        self._lock = supervisor_lock(self.workspace.folders)
        self._lock.acquire()
        history = History(self.workspace.folders, SystemClock())
        self.store = open_store(self.workspace.folders.database, recorder=history)
        self._settings = settings

    def close(self) -> None:
        self.store.close()
        self._lock.release()
        self.workspace.close()

    def queue(
        self, base: Path, health: HealthSpec, *, memory_bytes: int = 0, examples: int = 40, **changes: Any
    ) -> Run:
        """A run of its own on made-up examples; `changes` go into its settings, but for `adapter`."""
        folders = self.workspace.folders
        adapter = changes.pop("adapter", LoraSettings(rank=4, alpha=8))
        settings = training_settings(**{**TINY, "max_steps": 30, "checkpoint_every": 5, **changes})
        machine = a_machine(memory_bytes=memory_bytes)
        plan = a_plan(settings=settings, adapter=adapter, total_steps=settings.max_steps, machine=machine)
        evaluation = plan.evaluation.model_copy(update={"max_new_tokens": 2, "examples": 1})
        run = a_run(
            recipe=a_recipe(health=health),
            plan=plan.model_copy(update={"evaluation": evaluation}),
            base_folder=str(base),
            total_steps=settings.max_steps,
            home=folders.workspace_id,
        )
        folder = a_run_folder(folders.run(run.run_id).root, base, examples=examples)
        shutil.rmtree(folder / "attempts")
        with self.store.writing() as tx:
            tx.runs.add(run)
        return run

    def work(self, run: Run, first: Attempt = whole_attempt) -> Run:
        """Until it rests."""
        folders, clock = self.workspace.folders, SystemClock()
        queue = Queue(self.store, folders, AShared())
        attempts = Attempts(self.store, folders, clock, queue, "here/1")
        supervisor = Supervisor(attempts, folders, self._settings, clock, InProcess(first))
        while (found := self.workspace.runs.get(run.run_id)).state in {RunState.QUEUED, *ACTIVE}:
            supervisor.tick()
        return found

    def events(self, run: Run, kind: str) -> list[Event]:
        return [event for event in self.workspace.runs.events_after(0, run.run_id) if event.kind == kind]
