"""Lets disks run full at chosen bytes: a run parks or ends with a sentence, nothing is damaged, it goes on later."""

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from luthier.domain.jobs import Failed, Finished, Parked
from luthier.health.checkpoints import sealed_checkpoints
from luthier.kit.files import damage_of
from tests.builders.jobs import a_run_folder
from tests.engine.workers import Workers, facts_of, loss_bits, next_attempt

_JOURNAL_LOST = 74


@dataclass
class FullDisks:
    tried: int = 0
    parked: int = 0  # with a sentence, and a checkpoint where there was one
    journal_lost: int = 0  # it could not even say so; the supervisor sees the exit code
    unharmed: int = 0  # the limit was not reached
    bit_exact_afterwards: int = 0


def limit_file_sizes(workers: Workers, base: Path, folder: Path, limits: Sequence[int]) -> FullDisks:
    """No file of the worker may grow beyond the limit: the system refuses the byte after it."""
    disks = FullDisks()
    reference = a_run_folder(folder / "reference", base)
    assert workers.run(reference) == 0
    for limit in limits:
        run = a_run_folder(folder / f"limit-{limit}", base)
        code = workers.run(run, file_size_limit=limit)
        disks.tried += 1
        _judge(run, code, disks)
        if not any(fact.kind == "finished" for fact in facts_of(run)):
            assert workers.run(run, next_attempt(run)) == 0
        disks.bit_exact_afterwards += loss_bits(run) == loss_bits(reference)
    return disks


def _judge(run: Path, code: int | None, disks: FullDisks) -> None:
    last = facts_of(run)[-1] if facts_of(run) else None
    if code == _JOURNAL_LOST:
        disks.journal_lost += 1
    elif isinstance(last, Parked):
        assert last.problem is not None and last.problem.code == "disk.full", last
        disks.parked += 1
    else:
        assert isinstance(last, Finished), last.problem.details if isinstance(last, Failed) else (code, last)
        disks.unharmed += 1
    for checkpoint in sealed_checkpoints(run / "checkpoints"):
        assert damage_of(checkpoint) is None


@contextmanager
def tiny_disk(folder: Path, kilobytes: int) -> Iterator[Path]:
    """A file system of its own; raises PermissionError where this user may not mount one."""
    folder.mkdir(parents=True)
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if done.returncode:
        raise PermissionError(done.stderr.decode())
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
