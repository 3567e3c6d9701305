"""A world in which time passes when told to: workers that live, freeze and die, and supervisors on several hosts."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from luthier.kit.clock import Clock
from luthier.kit.files import sealed_folder, write_json
from luthier.kit.journal import JournalWriter, read_journal
from luthier.kit.processes import ProcessIdentity
from luthier.orchestration.supervisor import Supervisor
from luthier.orchestration.workers import Worker
from luthier.services.attempts import Assignment, Attempts
from luthier.services.folders import Folders
from luthier.services.queue import Queue
from luthier.settings import Settings
from luthier.store import Store
from tests.builders.evaluations import an_answer_sheet
from tests.builders.machines import AShared


class SimulatedClock:
    """Its wall time may jump; its monotonic time may not."""

    def __init__(self) -> None:
        self.elapsed = 1000.0
        self.jump = timedelta()

    def now(self) -> datetime:
        return datetime(2027, 1, 1, tzinfo=UTC) + timedelta(seconds=self.elapsed) + self.jump

    def monotonic(self) -> float:
        return self.elapsed

    def sleep(self, seconds: float) -> None:
        self.elapsed += seconds


class SimulatedWorker:
    """One attempt's process: writes what it does into its journal, and reads its commands between steps."""

    def __init__(self, pid: int, assignment: Assignment, run_folder: Path, clock: Clock) -> None:
        self.process = ProcessIdentity(pid=pid, started_at=clock.monotonic())
        self.run_id, self.token = assignment.run.run_id, assignment.run.token
        self.alive, self.frozen = True, False
        self._attempt = assignment.attempt.number
        self._run_folder = run_folder
        self._commands = assignment.folder.commands
        self._journal = JournalWriter(assignment.folder.journal, clock)
        self.step = 0
        self._busy = 0

    @property
    def acts(self) -> bool:
        return self.alive and not self.frozen

    def is_alive(self) -> bool:
        return self.alive

    def end(self) -> None:
        self.alive = False

    def was_out_of_memory(self) -> bool:
        return False

    def beat(self) -> None:
        self.say("heartbeat", phase="training" if self.step else "loading", step=self.step, busy=self._busy)

    def work(self) -> None:
        """Its next piece: the beginning, then steps with a checkpoint at every second one."""
        self._busy += 1
        if self._busy == 1:
            self._begin()
        else:
            self._take_step()
        self.obey()

    def _begin(self) -> None:
        self.step = max((_step_of(path) for path in self._checkpoints.glob("step-*")), default=0)
        began = {"attempt": self._attempt, "token": self.token, "pid": self.process.pid}
        self.say("started", **began, resumed_from_step=self.step, versions={}, threads=1)
        self.say("phase", phase="training")

    def _take_step(self) -> None:
        self.step += 1
        self.say("step", **_STEP, step=self.step, epoch=0.0, loss=float(self.token), loss_bits="")
        if self.step % 2 == 0:
            self._save("interval")

    def _save(self, why: str) -> None:
        folder = self._checkpoints / f"step-{self.step:06d}"
        if not folder.exists():
            with sealed_folder(folder, {"step": self.step}) as staging:
                (staging / "state").write_text(str(self.step))
        self.say("checkpoint", step=self.step, folder=f"checkpoints/{folder.name}", bytes=5, seconds=0.1, why=why)

    def obey(self) -> None:
        wishes = {record.kind for record in read_journal(self._commands).records}
        if "cancel" in wishes:
            self.say("cancelled")
            self.alive = False
        elif "stop" in wishes:
            if self.step:
                self._save("stop")
            self.say("parked", step=self.step, folder=None, problem=None)
            self.alive = False

    def finish(self) -> None:
        write_json(self._run_folder / "report" / "answers.json", an_answer_sheet().model_dump(mode="json"))
        done = {"adapter_folder": "adapter", "adapter_sha256": "ab", "answers_file": "report/answers.json"}
        self.say("finished", **done, tokens=9, training_seconds=1.0, peak_rss_bytes=7)
        self.alive = False

    @property
    def _checkpoints(self) -> Path:
        return self._run_folder / "checkpoints"

    def say(self, kind: str, **body: Any) -> None:
        self._journal.append(kind, body)


_STEP = {
    "learning_rate": 0.1,
    "gradient_norm": 1.0,
    "tokens": 8,
    "supervised_tokens": 4,
    "seconds": 1.0,
    "rss_bytes": 10,
}


def _step_of(folder: Path) -> int:
    return int(folder.name.removeprefix("step-"))


class _Gone:
    process = None

    def is_alive(self) -> bool:
        return False

    def end(self) -> None: ...

    def was_out_of_memory(self) -> bool:
        return False


@dataclass
class Host:
    """One machine: its processes, and the supervisor that is at work on it."""

    name: str
    store: Store
    folders: Folders
    clock: SimulatedClock
    runs_at_once: int = 1
    workers: list[SimulatedWorker] = field(default_factory=list)
    generation: int = 0

    def __post_init__(self) -> None:
        self.supervisor = self._supervisor()

    def start(self, assignment: Assignment, run_folder: str) -> Worker:
        worker = SimulatedWorker(100 + len(self.workers), assignment, Path(run_folder), self.clock)
        self.workers.append(worker)
        return worker

    def find(self, process: ProcessIdentity | None) -> Worker:
        return next((worker for worker in self.workers if worker.process == process), _Gone())

    def identify(self, pid: int) -> ProcessIdentity | None:
        return next((worker.process for worker in self.workers if worker.process.pid == pid and worker.alive), None)

    def restart(self) -> None:
        """The supervisor is killed and another one starts."""
        self.generation += 1
        self.supervisor = self._supervisor()
        self.supervisor.adopt()

    def _supervisor(self) -> Supervisor:
        queue = Queue(self.store, self.folders, AShared(self.runs_at_once))
        attempts = Attempts(self.store, self.folders, self.clock, queue, f"{self.name}/{self.generation}")
        settings = Settings(home=self.folders.root)
        return Supervisor(attempts, self.folders, settings, self.clock, self)
