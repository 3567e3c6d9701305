"""The worker's log: what it tells the journal, as JSON lines with level, code and ids; libraries print between."""

import sys
from contextlib import suppress
from datetime import datetime

from luthier.domain.jobs import (
    Alert,
    Cancelled,
    CheckpointSaved,
    Fact,
    Failed,
    Finished,
    HeldOutLoss,
    Parked,
    Phase,
    PreflightDone,
    Prepared,
    RowsLeftOut,
    Started,
    Step,
)
from luthier.domain.logs import LogLevel, LogLine
from luthier.kit.units import show_bytes, show_count


def log(fact: Fact, at: datetime, run_id: str, attempt: int) -> None:
    """One line on standard error, which the supervisor sends to worker.log; a full disk costs only the line."""
    message = line_of(fact)
    if message is not None:
        level, code = _weight_of(fact)
        line = LogLine(level=level, message=message, time=at, code=code, run_id=run_id, attempt=attempt)
        with suppress(OSError):
            sys.stderr.write(f"{line.model_dump_json(exclude_none=True)}\n")


def _weight_of(fact: Fact) -> tuple[LogLevel, str | None]:
    match fact:
        case Failed(problem=problem):
            return "error", problem.code
        case Alert(code=code):
            return "warning", code
        case Parked(problem=problem) if problem is not None:
            return "warning", problem.code
        case _:
            return "info", None


def line_of(fact: Fact) -> str | None:  # noqa: C901 - a table of kinds
    """None for what only a live display needs: heartbeats, progress, sample answers."""
    match fact:
        case Started():
            versions = ", ".join(f"{name} {number}" for name, number in fact.versions.items())
            since = f" from step {fact.resumed_from_step}" if fact.resumed_from_step else ""
            return f"attempt {fact.attempt} started{since}: process {fact.pid}, {fact.threads} threads, {versions}"
        case Phase():
            return f"phase {fact.phase}"
        case Prepared():
            return (
                f"prepared {show_count(fact.examples)} examples and {show_count(fact.held_out)} held out: "
                f"{show_count(fact.tokens_per_epoch)} tokens an epoch, {show_count(fact.total_steps)} steps, "
                f"{show_count(fact.trainable_parameters)} trainable parameters"
            )
        case PreflightDone():
            return f"preflight: {fact.errors} errors, {fact.warnings} warnings"
        case Step():
            return (
                f"step {fact.step}: loss {fact.loss:.4f}, gradient norm {fact.gradient_norm:.3g}, "
                f"learning rate {fact.learning_rate:.3g}, {fact.tokens} tokens in {fact.seconds:.2f} s, "
                f"{show_bytes(fact.rss_bytes)}"
            )
        case RowsLeftOut():
            return f"step {fact.step} does without the rows {', '.join(str(row) for row in fact.rows)}"
        case HeldOutLoss():
            return f"held-out loss after step {fact.step}: {fact.loss:.4f}"
        case CheckpointSaved():
            return f"checkpoint {fact.folder} ({fact.why}): {show_bytes(fact.bytes)} in {fact.seconds:.2f} s"
        case Alert():
            return f"warning {fact.code}: {fact.sentence}"
        case Parked():
            return f"stopped at step {fact.step}" + (f": {fact.problem.sentence}" if fact.problem else "")
        case Failed():
            return f"failed, {fact.problem.code}: {fact.problem.sentence}"
        case Cancelled():
            return "cancelled"
        case Finished():
            return f"finished: trained for {fact.training_seconds:.1f} s, at most {show_bytes(fact.peak_rss_bytes)}"
        case _:
            return None
