"""What the supervisor and a worker say to each other, through files in the run's folder.

Supervisor to worker: job.json once, then commands.jsonl. Worker to supervisor: journal.jsonl, facts only.
The worker knows nothing but its folder: no database, no secret, no server address.
"""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter

from luthier.domain.adapters import AdapterSettings
from luthier.domain.datasets import Mapping
from luthier.domain.errors import Action, Problem
from luthier.domain.health import Anomaly, AppliedRemedy
from luthier.domain.plans import EvaluationPlan
from luthier.domain.recipes import HealthSpec, Method, TrainingSettings
from luthier.domain.rewards import Reward
from luthier.kit.frozen import Frozen

HEARTBEAT_SECONDS = 1.0
LARGEST_COPIED_CHECKPOINT_BYTES = 250_000_000  # on the processor; while a larger one is written, training waits
# Of keys and values; larger batches of answers are hardly faster and cost memory that training needed.
LARGEST_CACHE_BYTES = 512 << 20


class Job(Frozen):
    """attempts/NNN/job.json: everything one attempt needs. Paths are absolute."""

    run_id: str
    attempt: int
    token: int  # fencing: facts of an attempt whose token is not the run's newest are ignored
    method: Method
    adapter: AdapterSettings
    settings: TrainingSettings
    rewards: tuple[Reward, ...] = ()  # of grpo, each with its program
    evaluation: EvaluationPlan
    total_steps: int
    base_folder: str
    base_name: str
    base_revision: str
    train_file: str  # canonical examples, JSONL
    held_out_file: str | None
    data_sha256: str  # of both files, one after the other
    mapping: Mapping | None = None  # how the source's columns were read, while nobody has confirmed it
    today: datetime | None = None  # for templates that write the date: the run's first day, whenever it is resumed
    resume_from: str | None  # a sealed checkpoint folder
    health: HealthSpec = HealthSpec(policy="off")
    remedies: tuple[AppliedRemedy, ...] = ()  # that hold from their step on
    memory_bytes: int = 0  # that the worker may use; 0 is not known


# ── facts: the kinds of journal.jsonl ────────────────────────────────────────────────────────────────────────────


class Started(Frozen):
    kind: Literal["started"] = "started"
    attempt: int
    token: int
    pid: int
    resumed_from_step: int  # 0 when the run begins
    versions: dict[str, str]  # torch, transformers, peft, luthier
    threads: int


PhaseName = Literal["loading", "preparing", "preflight", "training", "evaluating", "completing"]
Activity = Literal[PhaseName, "checkpoint"]  # each has limits of its own under the watchdog


class Phase(Frozen):
    """The worker goes on to something else that takes time."""

    kind: Literal["phase"] = "phase"
    phase: PhaseName


class Progress(Frozen):
    """Within a phase that is not training; `total` 0 means unknown."""

    kind: Literal["progress"] = "progress"
    what: str  # e.g. "tokenising", "answering with the base model"
    done: int
    total: int
    unit: Literal["", "bytes"] = ""  # of both; empty counts whatever `what` names
    rows: int = 0  # of a source that is read, which `done` may count in bytes


class Prepared(Frozen):
    kind: Literal["prepared"] = "prepared"
    examples: int
    held_out: int
    dropped_overlong: int
    tokens_per_epoch: int
    supervised_tokens_per_epoch: int
    total_steps: int
    trainable_parameters: int


class PreflightDone(Frozen):
    kind: Literal["preflight"] = "preflight"
    errors: int
    warnings: int
    report: str  # path inside the run's folder


class Step(Frozen):
    """One optimiser step. `loss` is the mean over the step's supervised tokens, at full precision."""

    kind: Literal["step"] = "step"
    step: int  # 1-based
    epoch: float
    loss: float
    loss_bits: str  # float.hex() of the loss, so that two curves can be compared bit for bit
    learning_rate: float
    gradient_norm: float
    tokens: int  # of this step, none of them padding
    supervised_tokens: int
    seconds: float
    rss_bytes: int
    figures: dict[str, float] = {}  # what else the method measures, e.g. reward_margin


class RowsLeftOut(Frozen):
    """A remedy takes these rows from a step; when nothing is left, the step changes nothing."""

    kind: Literal["rows_left_out"] = "rows_left_out"
    step: int
    rows: tuple[int, ...]  # of the training file, from 1


class HeldOutLoss(Frozen):
    kind: Literal["held_out_loss"] = "held_out_loss"
    step: int  # 0 is the base model
    loss: float
    tokens: int
    figures: dict[str, float] = {}  # as in a step


class CheckpointSaved(Frozen):
    kind: Literal["checkpoint"] = "checkpoint"
    step: int
    folder: str  # relative to the run's folder
    bytes: int
    seconds: float
    why: Literal["interval", "best", "stop", "last", "disk"]


class Readings(Frozen):
    """What the machine does beside the training, every few seconds. None stands for what it does not tell."""

    kind: Literal["readings"] = "readings"
    step: int  # that was reached by then
    cpu_share: float  # of all cores, by all processes
    worker_cpu_share: float  # of all cores, by this worker
    memory_used_bytes: int  # of the machine
    memory_total_bytes: int
    disk_free_bytes: int  # where the run's folder is
    gpu_share: float | None = None  # of the busiest GPU
    gpu_memory_bytes: int | None = None  # of all GPUs
    power_watts: float | None = None  # of what can be measured: GPUs, and the processor where its count may be read


class Answered(Frozen):
    """What the model of this step says to a prompt that stays the same; step 0 is the base model."""

    kind: Literal["answered"] = "answered"
    step: int
    row: int  # of the example that asks
    prompt: str
    expected: str
    text: str


class Sample(Frozen):
    """The same prompt answered before and after; shown side by side."""

    kind: Literal["sample"] = "sample"
    prompt: str
    expected: str
    base: str
    tuned: str


class Alert(Frozen):
    kind: Literal["alert"] = "alert"
    code: str
    sentence: str
    actions: tuple[Action, ...] = ()
    step: int | None = None
    causes: tuple[str, ...] = ()  # why it may have happened, the likeliest first
    anomaly: Anomaly | None = None  # with its evidence, when a detector raised it


class Heartbeat(Frozen):
    """Every HEARTBEAT_SECONDS from a thread; `busy` counts work done, so that a hang is told from slow work."""

    kind: Literal["heartbeat"] = "heartbeat"
    phase: Activity
    step: int
    busy: int


class Parked(Frozen):
    """The last fact of an attempt that stopped with everything kept."""

    kind: Literal["parked"] = "parked"
    step: int
    folder: str | None  # of the checkpoint; None when nothing had been trained yet
    problem: Problem | None = None  # why, when it was not a person's wish
    anomaly: Anomaly | None = None  # that a remedy is wanted for


class Failed(Frozen):
    """The last fact of an attempt that could not go on."""

    kind: Literal["failed"] = "failed"
    problem: Problem


class Cancelled(Frozen):
    kind: Literal["cancelled"] = "cancelled"


class Finished(Frozen):
    """The last fact of an attempt that did everything."""

    kind: Literal["finished"] = "finished"
    adapter_folder: str  # relative to the run's folder; PEFT's format
    adapter_sha256: str
    answers_file: str  # relative; an evaluations.AnswerSheet
    tokens: int
    training_seconds: float
    peak_rss_bytes: int


Fact = Annotated[
    Started
    | Phase
    | Progress
    | Prepared
    | PreflightDone
    | Step
    | RowsLeftOut
    | HeldOutLoss
    | CheckpointSaved
    | Readings
    | Answered
    | Sample
    | Alert
    | Heartbeat
    | Parked
    | Failed
    | Cancelled
    | Finished,
    Field(discriminator="kind"),
]
_FACT: TypeAdapter[Fact] = TypeAdapter(Fact)

DURABLE = frozenset(
    {"started", "prepared", "rows_left_out", "checkpoint", "alert", "parked", "failed", "cancelled", "finished"}
)

SOON_DURABLE = frozenset({"step"})  # within a second: what is lost of them is done again, bit for bit

LAST_WORDS = frozenset({"parked", "failed", "cancelled", "finished"})  # no fact of the attempt comes after one of these


def fact_from(kind: str, body: dict[str, Any]) -> Fact:
    return _FACT.validate_python({**body, "kind": kind})


# ── commands: the kinds of commands.jsonl ────────────────────────────────────────────────────────────────────────


class Command(Frozen):
    kind: Literal["stop", "cancel"]
    token: int  # of the attempt it is meant for
