"""Real training workers, killed at random moments until their runs are done: nothing told is lost, no bit differs.

Attempts are forked from a server that has loaded torch once, so that an attempt costs half a second and not six.
"""

import random
import time
from dataclasses import dataclass
from pathlib import Path

from luthier.domain.jobs import Finished
from luthier.health.checkpoints import sealed_checkpoints
from luthier.kit.files import damage_of
from luthier.kit.journal import read_journal
from tests.builders.jobs import a_run_folder
from tests.engine.workers import Workers, facts_of, loss_bits, next_attempt

STEPS = 10
_LATEST_KILL = 1.2  # of the time that a whole attempt took
_LET_BE_EVERY = 12  # attempts: on a machine that has become busy, a run could be killed for ever before its first save


@dataclass
class WorkerKills:
    kills: int = 0
    runs: int = 0
    pairs_bit_exact: int = 0
    facts_told: int = 0  # that somebody had read before the kill
    lost: int = 0
    doubled: int = 0


class WorkerKiller:
    def __init__(self, workers: Workers, base: Path, folder: Path, seed: int) -> None:
        self._workers = workers
        self._base = base
        self._folder = folder
        self._chance = random.Random(seed)
        self.tally = WorkerKills()
        for name in ("warm-up", "reference"):
            reference = a_run_folder(folder / name, base, total_steps=STEPS)
            started = time.monotonic()
            assert workers.run(reference) == 0
            self._longest_seconds = _LATEST_KILL * (time.monotonic() - started)
        self._expected = _result(reference, 1)

    def kill(self, count: int) -> WorkerKills:
        """So many kills, and the run that is then at work to its end."""
        aim = self.tally.kills + count
        while self.tally.kills < aim:
            self._one_run(aim)
        return self.tally

    def _one_run(self, aim: int) -> None:
        self.tally.runs += 1
        folder = a_run_folder(self._folder / f"run-{self.tally.runs}", self._base, total_steps=STEPS)
        number = 1
        while not self._attempt(folder, number, kill=self.tally.kills < aim and number % _LET_BE_EVERY != 0):
            number = next_attempt(folder)
        if _result(folder, number) == self._expected:
            self.tally.pairs_bit_exact += 1
        self.tally.doubled += _steps_told_twice(folder)

    def _attempt(self, folder: Path, number: int, *, kill: bool) -> bool:
        """Whether it came to its end."""
        process = self._workers.start(folder, number)
        if kill:
            process.join(self._chance.uniform(0.0, self._longest_seconds))
        else:
            process.join()
        if process.exitcode is not None:
            return process.exitcode == 0
        journal = folder / "attempts" / f"{number:03d}" / "journal.jsonl"
        told = read_journal(journal).records
        process.kill()
        process.join()
        self.tally.kills += 1
        self.tally.facts_told += len(told)
        self.tally.lost += told != read_journal(journal).records[: len(told)]
        for checkpoint in sealed_checkpoints(folder / "checkpoints"):
            assert damage_of(checkpoint) is None or _is_being_removed(checkpoint)
        return False


def _is_being_removed(checkpoint: Path) -> bool:
    """Its manifest went first, so nobody takes it for one."""
    return not (checkpoint / "manifest.json").exists()


def _result(folder: Path, number: int) -> tuple[dict[int, str], str, int]:
    """Raises when a step that was taken twice did not give the same bits."""
    finished = facts_of(folder, number)[-1]
    assert isinstance(finished, Finished)
    return loss_bits(folder), finished.adapter_sha256, finished.tokens


def _steps_told_twice(folder: Path) -> int:
    """Within one attempt; after a kill a later attempt may take a step again."""
    twice = 0
    for attempt in (folder / "attempts").iterdir():
        steps = [fact.step for fact in facts_of(folder, int(attempt.name)) if fact.kind == "step"]
        twice += len(steps) - len(set(steps))
    return twice
