"""Our side of metrics: a worker's journal, on the disk within a second, and what a supervisor takes from it."""

import random
import sys
import time
from contextlib import closing
from pathlib import Path

from benchmarks.peers.measures import write_measure
from luthier.domain.jobs import Step
from luthier.domain.run_states import RunState
from luthier.kit.clock import SystemClock
from luthier.kit.journal import JournalWriter, read_journal
from luthier.services.run_facts import FactFolder
from luthier.store import Store, open_store
from tests.builders import a_run

SCALARS = 6  # of a step: loss, learning rate, gradient norm, memory, tokens a second, its time
TAKEN_AT_ONCE = 500


def main(where: str, scalars: int, result: Path) -> None:
    """`where` is "journal", what a training process waits for, or "store", until they can be asked for."""
    keep = {"journal": in_journal, "store": in_store}[where]
    seconds, kept = keep(scalars // SCALARS, result.parent)
    write_measure(result, scalars, seconds, [kept], ("luthier",))


def in_journal(steps: int, folder: Path) -> tuple[float, int]:
    journal = folder / f"{time.time_ns()}.jsonl"
    chance = random.Random(7)
    started = time.perf_counter()
    with closing(JournalWriter(journal, SystemClock())) as writer:
        for number in range(1, steps + 1):
            writer.append("step", a_step(number, chance), soon=True, durable=number == steps)
    seconds = time.perf_counter() - started
    return seconds, SCALARS * len(read_journal(journal).records)


def in_store(steps: int, folder: Path) -> tuple[float, int]:
    store = open_store(folder / f"{time.time_ns()}.db")
    run = a_run(state=RunState.RUNNING, total_steps=steps)
    with store.writing() as tx:
        tx.runs.add(run)
    journal = folder / f"{time.time_ns()}.jsonl"
    facts, offset, chance = FactFolder(folder), 0, random.Random(7)
    started = time.perf_counter()
    with closing(JournalWriter(journal, SystemClock())) as writer:
        for number in range(1, steps + 1):
            writer.append("step", a_step(number, chance), soon=True)
            if number % TAKEN_AT_ONCE == 0:
                offset = take_in(store, run.run_id, facts, journal, offset)
    take_in(store, run.run_id, facts, journal, offset)
    seconds = time.perf_counter() - started
    with store.reading() as tx:
        return seconds, sum(tx.metrics.counts(run.run_id, None, -1).values())


def a_step(number: int, chance: random.Random) -> dict[str, object]:
    loss = 2.0 + chance.random()
    return Step(
        step=number,
        epoch=number / 100,
        loss=loss,
        loss_bits=loss.hex(),
        learning_rate=1e-4,
        gradient_norm=chance.random(),
        tokens=1700,
        supervised_tokens=600,
        seconds=0.5 + chance.random(),
        rss_bytes=1_700_000_000,
    ).model_dump(mode="json", exclude={"kind"})


def take_in(store: Store, run_id: str, facts: FactFolder, journal: Path, offset: int) -> int:
    tail = read_journal(journal, offset)
    with store.writing() as tx:
        run = tx.runs.get(run_id)
        assert run is not None
        facts.apply(tx, run, tail.records)
    return tail.offset


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]))
