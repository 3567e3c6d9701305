"""Row first-step: from the command to the first loss, with nothing running before it; peer: a script with TRL."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from benchmarks.processes import peer as run_peer
from benchmarks.rows import Bench, Measure, Row
from benchmarks.training import ALPACA, Work, completed, measure_of, peer_job_of, recipe_for, run_folder_of, workplace
from luthier.kit.clock import parse_rfc3339
from luthier.kit.files import write_json
from luthier.kit.journal import read_journal
from luthier.services.recipes import dump_recipe


@contextmanager
def open_bench(steps: int, data: Path) -> Iterator[Bench]:
    work = Work(steps)
    with workplace(data) as (first, place):
        recipe = recipe_for(work, data)
        job = peer_job_of(work, first, completed(first, first.runs.submit(recipe).run_id))

        def ours() -> Measure:
            with workplace(data) as (workspace, fresh):
                file = fresh / "recipe.yaml"
                file.write_text(dump_recipe(recipe))
                asked_at = time.time()
                command = [sys.executable, "-m", "luthier", "train", str(file), "--detach"]
                subprocess.run(
                    [*command, "--workspace", str(workspace.settings.workspace_folder)], check=True, capture_output=True
                )
                run = completed(workspace, workspace.runs.list()[0].run_id)
                journal = read_journal(run_folder_of(workspace, run) / "attempts" / "001" / "journal.jsonl")
                step = next(record for record in journal.records if record.kind == "step")
                return _first(measure_of(workspace, run, work), parse_rfc3339(step.time).timestamp() - asked_at)

        def peer() -> Measure:
            file = place / "peer.json"
            write_json(file, {**job, "asked_at": time.time()})
            return run_peer("trl_sft.py", str(file), place=place)

        yield Bench(ours, peer)


def _first(measure: Measure, seconds: float) -> Measure:
    return replace(measure, per_second=1 / seconds, amount=1, seconds=seconds)


ROW = Row(name="first-step", unit="starts/s", target=4, gate=0.02, size=3, smoke_size=3, open=open_bench, data=ALPACA)
