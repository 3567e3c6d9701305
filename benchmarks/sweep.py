"""Row sweep: four learning rates on one base, from the wish to the last result; peer: four runs of TRL's."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.processes import peer as run_peer
from benchmarks.rows import Bench, Measure, Row
from benchmarks.training import ALPACA, Work, completed, measure_of, peer_job_of, recipe_for, workplace
from luthier.domain.runs import Run
from luthier.kit.files import write_json

_RATES = (5e-5, 1e-4, 2e-4, 4e-4)


@contextmanager
def open_bench(steps: int, data: Path) -> Iterator[Bench]:
    work = Work(steps)
    with workplace(data) as (workspace, place):
        members: list[Run] = []

        def ours() -> Measure:
            started = time.perf_counter()
            queued = workspace.runs.sweep(recipe_for(work, data), {"settings.learning_rate": _RATES})
            members[:] = [completed(workspace, run.run_id) for run in queued]
            return _joined([measure_of(workspace, run, work) for run in members], time.perf_counter() - started)

        def peer() -> Measure:
            job = peer_job_of(work, workspace, members[0])
            measures, started = [], time.perf_counter()
            for number, rate in enumerate(_RATES):
                file = place / f"peer-{number}.json"
                write_json(file, {**job, "learning_rate": rate})
                measures.append(run_peer("trl_sft.py", str(file), place=place))
            return _joined(measures, time.perf_counter() - started)

        yield Bench(ours, peer)


def _joined(measures: list[Measure], seconds: float) -> Measure:
    return Measure(
        per_second=len(measures) / seconds,
        amount=len(measures),
        seconds=seconds,
        peak_bytes=max(measure.peak_bytes for measure in measures),
        outcome=tuple(loss for measure in measures for loss in measure.outcome),
        versions=measures[0].versions,
    )


ROW = Row(name="sweep", unit="runs/s", target=8, gate=0.02, size=4, smoke_size=3, open=open_bench, data=ALPACA)
