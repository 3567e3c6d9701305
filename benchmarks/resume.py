"""Row resume: the training process is killed; how long until it takes a step again, and how many are done twice.

The peer saves as often, and its script is started again by hand, at once.
"""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from benchmarks.processes import peer as run_peer
from benchmarks.rows import Bench, Measure, NotMeasurable, Row
from benchmarks.training import ALPACA, Work, completed, measure_of, peer_job_of, recipe_for, run_folder_of, workplace
from luthier.domain.run_states import ENDED
from luthier.kit.clock import parse_rfc3339
from luthier.kit.files import write_json
from luthier.kit.journal import Record, read_journal
from luthier.services.folders import Folders
from luthier.store import open_store
from luthier.workspace import Workspace

SAVE_EVERY = 10


@contextmanager
def open_bench(killed_after: int, data: Path) -> Iterator[Bench]:
    """`killed_after` so many steps."""
    work = Work(killed_after + 2 * SAVE_EVERY, batch_size=1, max_length=64)
    with workplace(data) as (workspace, place):
        wanted = recipe_for(work, data)
        recipe = wanted.model_copy(update={"settings": {**wanted.settings, "checkpoint_every": SAVE_EVERY}})
        peer_job = place / "peer.json"

        def ours() -> Measure:
            run_id = workspace.runs.submit(recipe).run_id
            last, died_at = _killed(workspace, run_id, killed_after)
            run = completed(workspace, run_id)
            again = _steps(workspace, run_id, attempt=2)
            if not peer_job.exists():
                write_json(peer_job, {**peer_job_of(work, workspace, run), "save_steps": SAVE_EVERY})
            measure = measure_of(workspace, run, work, attempt=2)
            seconds = parse_rfc3339(again[0].time).timestamp() - died_at
            lost = last - again[0].body["step"] + 1
            return replace(measure, per_second=1 / seconds, amount=1, seconds=seconds, outcome=(lost,))

        yield Bench(ours, lambda: run_peer("trl_resume.py", str(peer_job), str(killed_after), place=place))


def _killed(workspace: Workspace, run_id: str, after: int) -> tuple[int, float]:
    """The last step that was done, and when its process was killed."""
    while not (steps := _steps(workspace, run_id, attempt=1)) or steps[-1].body["step"] < after:
        if workspace.runs.get(run_id).state in ENDED:
            raise NotMeasurable(f"The run {run_id} ended before it could be killed.")
        time.sleep(0.02)
    store = open_store(Folders(workspace.settings.workspace_folder).database)
    with store.reading() as tx:
        pid = tx.attempts.list(run_id)[-1].pid
    store.close()
    assert pid is not None, "an attempt that takes steps has a process"
    os.kill(pid, signal.SIGKILL)
    died_at = time.time()
    return _steps(workspace, run_id, attempt=1)[-1].body["step"], died_at


def _steps(workspace: Workspace, run_id: str, attempt: int) -> list[Record]:
    folder = run_folder_of(workspace, workspace.runs.get(run_id))
    journal = folder / "attempts" / f"{attempt:03}" / "journal.jsonl"
    return [record for record in read_journal(journal).records if record.kind == "step"] if journal.exists() else []


ROW = Row(
    name="resume", unit="resumes/s", target=4, gate=SAVE_EVERY, size=25, smoke_size=15, open=open_bench, data=ALPACA
)
