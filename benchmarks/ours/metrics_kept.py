"""Our side of metrics: a worker's journal, durable step by step, and what a supervisor takes from it into the store."""

import json
import random
import resource
import sys
import time
from importlib.metadata import version
from pathlib import Path

from luthier.domain.jobs import Step
from luthier.domain.run_states import RunState
from luthier.kit.clock import SystemClock
from luthier.kit.journal import JournalWriter, read_journal
from luthier.services.run_facts import FactFolder
from luthier.store import Store, open_store
from tests.builders import a_run

SCALARS = 6  # of a step: loss, learning rate, gradient norm, memory, tokens a second, its time
TAKEN_AT_ONCE = 500


def main(scalars: int, result: Path) -> None:
    folder = result.parent
    store = open_store(folder / f"{time.time_ns()}.db")
    run = a_run(state=RunState.RUNNING, total_steps=scalars // SCALARS)
    with store.writing() as tx:
        tx.runs.add(run)
    journal = folder / f"{time.time_ns()}.jsonl"
    writer, facts, offset = JournalWriter(journal, SystemClock()), FactFolder(folder), 0
    chance = random.Random(7)
    started = time.perf_counter()
    for number in range(1, scalars // SCALARS + 1):
        writer.append("step", a_step(number, chance), durable=True)
        if number % TAKEN_AT_ONCE == 0:
            offset = take_in(store, run.run_id, facts, journal, offset)
    take_in(store, run.run_id, facts, journal, offset)
    seconds = time.perf_counter() - started
    with store.reading() as tx:
        kept = sum(tx.metrics.counts(run.run_id, None, -1).values())
    measure = {
        "per_second": scalars / seconds,
        "amount": scalars,
        "seconds": seconds,
        "peak_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        "outcome": [kept],
        "versions": {"luthier": version("luthier")},
    }
    result.write_text(json.dumps(measure))


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
    main(int(sys.argv[1]), Path(sys.argv[2]))
