"""Starts worker attempts as processes of their own, fast: forked from a server that has only imported torch."""

import multiprocessing
import sys
from multiprocessing.context import ForkServerContext
from pathlib import Path
from types import TracebackType
from typing import Self

from luthier.domain.jobs import Fact, Job, fact_from
from luthier.health.checkpoints import newest_intact
from luthier.kit.files import read_json
from luthier.kit.journal import read_journal
from tests.builders.jobs import write_attempt


def _attempt(run_folder: Path, number: int, crash_at: str | None, file_size_limit: int | None) -> None:
    import os
    import resource

    import torch

    from luthier.engine.crash_points import CrashPoints
    from luthier.engine.worker import run_attempt

    torch.set_num_threads(1)
    os.environ["OMP_NUM_THREADS"] = "1"  # of the processes that it starts
    if file_size_limit is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (file_size_limit, file_size_limit))
    sys.exit(run_attempt(run_folder, number, CrashPoints(crash_at)))


class Workers:
    def __init__(self) -> None:
        self._context: ForkServerContext = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(["luthier.engine.worker", "transformers.models.llama.modeling_llama"])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        multiprocessing.forkserver._forkserver._stop()  # type: ignore[attr-defined]

    def start(
        self, run_folder: Path, number: int = 1, crash_at: str | None = None, file_size_limit: int | None = None
    ) -> multiprocessing.process.BaseProcess:
        process = self._context.Process(target=_attempt, args=(run_folder, number, crash_at, file_size_limit))
        process.start()
        return process

    def run(
        self, run_folder: Path, number: int = 1, crash_at: str | None = None, file_size_limit: int | None = None
    ) -> int | None:
        """The exit code; minus the signal's number when a signal ended it."""
        process = self.start(run_folder, number, crash_at, file_size_limit)
        process.join(timeout=120)
        return process.exitcode


def next_attempt(run_folder: Path) -> int:
    """Does what a supervisor does: a new attempt with a higher token, from the newest checkpoint that verifies."""
    last = max(int(folder.name) for folder in (run_folder / "attempts").iterdir())
    job = Job.model_validate(read_json(run_folder / "attempts" / f"{last:03d}" / "job.json"))
    newest = newest_intact(run_folder / "checkpoints")
    changes = {"attempt": last + 1, "token": job.token + 1, "resume_from": None if newest is None else str(newest)}
    write_attempt(run_folder, job.model_copy(update=changes))
    return last + 1


def facts_of(run_folder: Path, number: int = 1) -> list[Fact]:
    records = read_journal(run_folder / "attempts" / f"{number:03d}" / "journal.jsonl").records
    return [fact_from(record.kind, record.body) for record in records]


def loss_bits(run_folder: Path) -> dict[int, str]:
    """Step -> raw bits of its loss, of all attempts. A step that was repeated must have repeated its bits."""
    bits: dict[int, str] = {}
    for attempt in sorted((run_folder / "attempts").iterdir()):
        for fact in facts_of(run_folder, int(attempt.name)):
            if fact.kind == "step":
                assert bits.setdefault(fact.step, fact.loss_bits) == fact.loss_bits
    return bits
