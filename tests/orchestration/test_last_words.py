"""What a supervisor does with the last words of a worker that is gone."""

from pathlib import Path

from luthier.domain.run_states import RunState
from luthier.domain.runs import Attempt, Lease, Run
from luthier.kit.clock import SystemClock
from luthier.kit.journal import JournalWriter
from luthier.orchestration.supervisor import Supervisor
from luthier.orchestration.workers import WorkerProcesses
from luthier.services.attempts import Attempts
from luthier.services.folders import Folders
from luthier.services.queue import Queue
from luthier.settings import Settings
from luthier.store import Store, open_store
from tests.builders import a_dataset, a_moment, a_run
from tests.builders.machines import AShared

FINISHED = {
    "adapter_folder": "adapter",
    "adapter_sha256": "cd" * 32,
    "answers_file": "report/answers.json",
    "tokens": 900,
    "training_seconds": 3.5,
    "peak_rss_bytes": 1_000_000_000,
}


def test_a_run_whose_answers_are_damaged_fails_with_a_way_on_instead_of_waiting_for_ever(tmp_path: Path) -> None:
    clock, folders = SystemClock(), Folders(tmp_path)
    settings = Settings(home=tmp_path, worker_grace_seconds=0.1, supervisor_idle_seconds=0.1)
    run = a_run(dataset_id="ds_1", state=RunState.COMPLETING, attempt=1, token=1)
    _leave_damaged_answers(folders, run.run_id)
    store = _store_with(tmp_path, run)
    attempts = Attempts(store, folders, clock, Queue(store, folders, AShared()), "here/2")
    Supervisor(attempts, folders, settings, clock, WorkerProcesses()).work()
    with store.reading() as tx:
        ended, attempt = tx.runs.find(run.run_id), tx.attempts.get(run.run_id, 1)
    store.close()
    assert ended.state is RunState.FAILED
    assert ended.problem is not None
    assert ended.problem.code == "runs.result_unreadable"
    assert any("runs resume" in (action.command or "") for action in ended.problem.actions)
    assert attempt is not None
    assert attempt.ended_at is not None


def _leave_damaged_answers(folders: Folders, run_id: str) -> None:
    journal = folders.run(run_id).attempt(1).journal
    journal.parent.mkdir(parents=True)
    writer = JournalWriter(journal, SystemClock())
    writer.append("finished", FINISHED)
    writer.close()
    answers = folders.run(run_id).root / "report" / "answers.json"
    answers.parent.mkdir()
    answers.write_text('{"answers": [')


def _store_with(tmp_path: Path, run: Run) -> Store:
    store = open_store(tmp_path / "luthier.db")
    with store.writing() as tx:
        tx.datasets.add(a_dataset(dataset_id="ds_1"))
        tx.runs.add(run)
        tx.leases.put(Lease(run_id=run.run_id, holder="here/1", token=1))
        tx.attempts.put(run.run_id, Attempt(number=1, token=1, started_at=a_moment(), ended_at=None))
    return store
