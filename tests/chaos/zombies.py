"""Freezes real workers, puts others in their place, thaws them: what a zombie still does must never count."""

import os
import random
import signal
import time
from dataclasses import dataclass
from pathlib import Path

from luthier.domain.jobs import Finished
from luthier.engine.channel import EXIT_SUPERSEDED
from tests.builders.jobs import a_run_folder
from tests.engine.workers import Workers, facts_of, loss_bits, next_attempt

_PATIENCE_SECONDS = 60.0


@dataclass
class Zombies:
    thawed: int = 0
    ended_by_themselves: int = 0
    stale_writes: int = 0  # checkpoints of a zombie after it was thawed
    words_to_nobody: int = 0  # facts that it was just writing into its own journal, which is read no more
    bit_exact: int = 0


def freeze_and_thaw(workers: Workers, base: Path, folder: Path, count: int, seed: int) -> Zombies:
    chance, zombies = random.Random(seed), Zombies()
    reference = a_run_folder(folder / "reference", base)
    assert workers.run(reference) == 0
    for number in range(count):
        _one(workers, a_run_folder(folder / f"run-{number}", base), chance, zombies, loss_bits(reference))
    return zombies


def _one(workers: Workers, folder: Path, chance: random.Random, zombies: Zombies, expected: dict[int, str]) -> None:
    zombie = workers.start(folder)
    assert zombie.pid is not None
    _wait_for_a_step(folder)
    time.sleep(chance.uniform(0, 0.3))
    os.kill(zombie.pid, signal.SIGSTOP)
    if any(fact.kind == "finished" for fact in facts_of(folder)):
        os.kill(zombie.pid, signal.SIGCONT)
        zombie.join()
        return  # it was too quick to become one
    number = next_attempt(folder)
    facts, checkpoints = len(facts_of(folder)), _checkpoints(folder)
    os.kill(zombie.pid, signal.SIGCONT)
    zombie.join(_PATIENCE_SECONDS)
    zombies.thawed += 1
    zombies.ended_by_themselves += zombie.exitcode == EXIT_SUPERSEDED
    zombies.words_to_nobody += len(facts_of(folder)) - facts
    zombies.stale_writes += len(_checkpoints(folder) - checkpoints)
    assert workers.run(folder, number) == 0
    assert isinstance(facts_of(folder, number)[-1], Finished)
    zombies.bit_exact += loss_bits(folder) == expected


def _wait_for_a_step(folder: Path) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not loss_bits(folder):
        assert time.monotonic() < deadline, "the worker takes no step"
        time.sleep(0.005)


def _checkpoints(folder: Path) -> set[str]:
    return {checkpoint.name for checkpoint in folder.glob("checkpoints/step-*")}
