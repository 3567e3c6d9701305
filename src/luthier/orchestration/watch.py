"""One worker under a supervisor's eyes: what it said last, whether it lives, and what it was told."""

from dataclasses import dataclass, field

from luthier.domain.jobs import LAST_WORDS
from luthier.health.liveness import Liveness, Vital
from luthier.kit.journal import Record
from luthier.orchestration.workers import Worker, Workers
from luthier.services.folders import AttemptFolder
from luthier.services.run_facts import FactFolder


@dataclass
class Watch:
    run_id: str
    token: int
    folder: AttemptFolder
    facts: FactFolder
    liveness: Liveness
    worker: Worker
    is_noted: bool  # whether the store knows its process
    offset: int = 0
    last_word: Record | None = None
    last_word_at: float | None = None
    told: dict[str, float] = field(default_factory=dict)  # wish -> when, monotonic

    def hear(self, record: Record, now: float, workers: Workers) -> None:
        beats = record.kind == "heartbeat"
        phase = record.body.get("phase") if beats or record.kind == "phase" else None
        self.liveness.heard(Vital(record.body["busy"] if beats else None, phase), now)
        if record.kind == "started" and self.worker.process is None:
            self.worker = workers.find(workers.identify(record.body["pid"]))
        if record.kind in LAST_WORDS:
            self.last_word, self.last_word_at = record, now
