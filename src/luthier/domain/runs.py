"""Runs and their attempts, checkpoints and metrics, as the store keeps them."""

from datetime import datetime
from typing import Any, NamedTuple

from luthier.domain.errors import Action, NotAllowedNow, NotFound, Problem, ShortOfResources, WorkFailed
from luthier.domain.health import Anomaly, AppliedRemedy
from luthier.domain.plans import Plan
from luthier.domain.queues import Priority, rank_of
from luthier.domain.recipes import Recipe
from luthier.domain.run_states import HAND_MOVES, RunMove, RunState, allowed_moves
from luthier.domain.sweeps import SweepMember
from luthier.kit.frozen import Frozen


class Attempt(Frozen):
    """One worker process that acted for a run."""

    number: int
    token: int
    pid: int | None = None
    process_started_at: float | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    journal_offset: int = 0  # bytes of its journal that are in the store


class Lease(Frozen):
    """Which supervisor acts for a run. Its beats are counted, not dated, so that no clock can end or prolong it."""

    run_id: str
    holder: str
    token: int  # of the attempt it acts for
    beat: int = 0  # raised by its holder every few seconds


class Span(NamedTuple):
    low: float
    high: float


class Run(Frozen):
    run_id: str
    name: str
    state: RunState
    recipe: Recipe
    plan: Plan
    base_folder: str
    base_revision: str
    base_licence: str = "unknown"
    dataset_id: str
    created_at: datetime
    updated_at: datetime
    started_at: datetime | None = None
    finished_at: datetime | None = None
    step: int = 0
    total_steps: int = 0
    loss: float | None = None
    tokens_per_second: float | None = None
    rss_bytes: int | None = None  # of the worker, at its last step
    peak_rss_bytes: int | None = None
    threads: int | None = None  # the worker computes on
    gpu: int | None = None  # that its attempt has for itself, numbered among those that the supervisor may use
    seconds_left: Span | None = None  # of training, from the pace of the last steps
    training_seconds: float = 0.0
    phase: str = ""  # what the worker is doing within the state, in its own words
    progress_done: int = 0
    progress_total: int = 0
    beat_at: datetime | None = None  # when the worker was last heard
    problem: Problem | None = None
    attempt: int = 0
    token: int = 0
    anomaly: Anomaly | None = None  # that it rests over; a remedy, or resuming, closes it
    remedies: tuple[AppliedRemedy, ...] = ()  # oldest first
    losses_of_worker: int = 0  # how often a worker was lost since the last progress
    retry_seconds: float = 0.0  # that the next attempt waits after a loss
    priority: Priority = Priority.NORMAL
    ticket: int = 0  # its place in the order of those who queued
    overtaken: int = 0  # how often a run that came later was started first
    home: str = ""  # the workspace whose folder holds it; other workspaces may share the database
    keeps_checkpoint: bool = False  # it was asked to stop, not to be cancelled
    cloned_from: str | None = None
    sweep: SweepMember | None = None
    adapter_folder: str | None = None  # absolute
    adapter_sha256: str | None = None
    version_id: str | None = None
    summary: dict[str, Any] = {}  # headline figures of the evaluation

    @property
    def ended_early(self) -> bool:
        """Complete before all planned steps: its held-out loss no longer fell."""
        return self.state is RunState.COMPLETED and 0 < self.step < self.total_steps

    @property
    def last_step(self) -> int:
        """Where it ended early, or is to end."""
        return self.step if self.ended_early else self.total_steps

    @property
    def rank(self) -> int:
        return rank_of(self.priority, self.overtaken)

    @property
    def wishes(self) -> tuple[RunMove, ...]:
        """What a person may ask of it now, gentlest first."""
        legal = allowed_moves(self.state)
        return tuple(move for move in HAND_MOVES if move in legal and (move is not RunMove.RESUME or self.can_go_on))

    @property
    def can_go_on(self) -> bool:
        """A cancelled run has lost its checkpoints, a stopped one has not."""
        return self.state is not RunState.CANCELLED or self.keeps_checkpoint


class MetricPoint(Frozen):
    step: int
    name: str  # "loss", "held_out_loss", "learning_rate", "gradient_norm", "tokens_per_second", "rss_bytes"
    value: float


class Checkpoint(Frozen):
    run_id: str
    step: int
    folder: str  # absolute
    bytes: int
    saved_at: datetime


class RunNotFound(NotFound):
    code = "runs.not_found"
    sentence = "No run is called {name}."
    actions = (Action(label="See all runs", command="luthier runs list"),)


class RunNameAmbiguous(NotFound):
    code = "runs.name_ambiguous"
    sentence = "{name} could be any of {candidates}."
    actions = (Action(label="Give more of the id", command="luthier runs list"),)


class NothingToGoOnFrom(NotAllowedNow):
    code = "runs.nothing_to_go_on_from"
    sentence = "The run {run} was cancelled and its checkpoints were thrown away, so there is nothing to go on from."
    actions = (
        Action(label="Begin it again from the first step", command="luthier runs retry {run}"),
        Action(label="Start a new run from the same recipe", command="luthier runs clone {run}"),
    )


class WorkerStillEnding(NotAllowedNow):
    code = "runs.worker_still_ending"
    sentence = "The worker of {run} has not ended yet, so the run cannot begin again."
    actions = (Action(label="Try again in a few seconds", command="luthier runs retry {run}"),)


class RunHasNoAdapter(NotAllowedNow):
    code = "runs.no_adapter"
    sentence = "The run {run} is {state} and has no adapter to use yet."
    actions = (Action(label="Watch it", command="luthier runs watch {run}"),)


class ReportNotThere(NotFound):
    code = "runs.report_not_there"
    sentence = "The run {run} is {state} and has no {what}."
    actions = (Action(label="See how far it is", command="luthier runs show {run}"),)


class WorkerLost(WorkFailed):
    code = "runs.worker_lost"
    sentence = "The worker process ended without saying why, {where}{again}."
    actions = (
        Action(label="Read the end of its log", command="luthier runs logs {run}"),
        Action(label="Go on from the last checkpoint", command="luthier runs resume {run}"),
    )


class WorkerNotStarted(WorkFailed):
    code = "runs.worker_not_started"
    sentence = "No worker could be started for this run: {reason}."
    actions = (
        Action(label="Check that the disk of the workspace has space and can be written"),
        Action(label="Try again", command="luthier runs resume {run}"),
    )


class ResultUnreadable(WorkFailed):
    code = "runs.result_unreadable"
    sentence = "The run is trained, and {file}, in which its worker left the answers, cannot be read."
    actions = (Action(label="Answer and measure again from its last checkpoint", command="luthier runs resume {run}"),)


class WorkerFrozen(WorkFailed):
    code = "runs.worker_frozen"
    sentence = "The worker process gave no sign of life for {seconds} s while {phase} and was ended."
    actions = (Action(label="Go on from the last checkpoint", command="luthier runs resume {run}"),)


class WorkerOutOfMemory(ShortOfResources):
    code = "runs.out_of_memory"
    sentence = "The system ended the worker while it used {used} of memory; it was probably out of memory."
    actions = (
        Action(label="Use fewer tokens at a time", command="luthier train ... --set micro_batch_tokens={half}"),
        Action(label="Go on from the last checkpoint", command="luthier runs resume {run}"),
    )


class LossNotFinite(WorkFailed):
    code = "runs.loss_not_finite"
    sentence = "The loss became {value} at step {step}; training stopped before any weight was changed by it."
    actions = (
        Action(label="Try again with a lower learning rate", command="luthier train ... --set learning_rate={lower}"),
        Action(label="Look at the examples of that step: rows {rows}"),
    )


class CheckpointMismatch(NotAllowedNow):
    code = "runs.checkpoint_mismatch"
    sentence = "The checkpoint of step {step} was made with other {what}, so the run cannot go on from it."
    actions = (
        Action(label="Undo the change, then resume", command="luthier runs resume {run}"),
        Action(label="Start a new run", command="luthier train ..."),
    )


class CheckpointDamaged(WorkFailed):
    code = "runs.checkpoint_damaged"
    sentence = "The checkpoint in {folder} is damaged: {reason}."
    actions = (Action(label="Go on from the one before it", command="luthier runs resume {run}"),)


class WorkerShortOfMemory(ShortOfResources):
    code = "runs.short_of_memory"
    sentence = "The worker asked for more memory than there is, while it was {phase} and used {used}."
    actions = (
        Action(label="Use fewer tokens at a time", command="luthier train ... --set micro_batch_tokens={half}"),
        Action(label="Go on from the last checkpoint", command="luthier runs resume {run}"),
    )
