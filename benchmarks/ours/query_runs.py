"""Our side of query: the fifty best of many completed runs, and the pages that follow."""

import sys
import time
from pathlib import Path

from benchmarks.peers.measures import write_measure
from luthier.domain.run_queries import RunQuery
from luthier.domain.run_states import RunState
from luthier.store import open_store
from tests.builders import a_run

PAGES, SIZE = 20, 50


def main(count: int, result: Path) -> None:
    store = open_store(result.parent / f"{time.time_ns()}.db")
    with store.writing() as tx:
        for number in range(count):
            state = RunState.COMPLETED if number % 3 else RunState.FAILED
            tx.runs.add(a_run(name=f"run-{number}", state=state, loss=number / count))
    started = time.perf_counter()
    query = RunQuery(states=frozenset({RunState.COMPLETED}), sort="loss")
    seen, last = 0, None
    for _ in range(PAGES):
        with store.reading() as tx:
            page = tx.runs.matching(query, SIZE, last)
        seen += len(page)
        if len(page) < SIZE:
            break
        last = page[-1].run_id
    seconds = time.perf_counter() - started
    write_measure(result, PAGES, seconds, [seen], ("luthier",))


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
