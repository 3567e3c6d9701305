"""A claimed run has one owner; what an old owner writes never counts; a lost one goes on or is given up."""

from pathlib import Path

import pytest

from luthier.domain.jobs import Job
from luthier.domain.run_states import RunMove, RunState, allowed_moves
from luthier.domain.runs import Run, WorkerLost, WorkerNotStarted, WorkerOutOfMemory
from luthier.health.facts import supervision
from luthier.kit.clock import SystemClock
from luthier.kit.files import sealed_folder
from luthier.kit.journal import read_journal
from luthier.services.attempts import Assignment, Attempts
from luthier.services.folders import Folders
from luthier.services.queue import Queue
from luthier.services.run_facts import FactFolder
from luthier.store import Store
from tests.builders import a_dataset, a_run
from tests.builders.machines import AShared


@pytest.fixture
def attempts(store: Store, folders: Folders) -> Attempts:
    return attempts_of(store, folders, "here/1")


def attempts_of(store: Store, folders: Folders, holder: str) -> Attempts:
    return Attempts(store, folders, SystemClock(), Queue(store, folders, AShared()), holder)


@pytest.fixture
def queued(store: Store, folders: Folders) -> Run:
    run = a_run(dataset_id="ds_1")
    data = folders.run(run.run_id).train_file
    data.parent.mkdir(parents=True)
    data.write_text("{}\n")
    with store.writing() as tx:
        tx.datasets.add(a_dataset(dataset_id="ds_1"))
        tx.runs.add(run)
    return run


def claimed(attempts: Attempts) -> Assignment:
    assignment = attempts.claim_next()
    assert assignment is not None
    attempts.write_job(assignment)
    return assignment


def lost(run: Run) -> WorkerLost:
    return WorkerLost(where="in step 3", again="", run=run.name)


def checkpoint(folders: Folders, run: Run, step: int) -> Path:
    final = folders.run(run.run_id).checkpoints / f"step-{step:06d}"
    with sealed_folder(final, {"step": step}) as staging:
        (staging / "state.json").write_text("{}")
    return final


def test_a_run_is_claimed_once(attempts: Attempts, queued: Run) -> None:
    assignment = claimed(attempts)
    assert assignment.run.state is RunState.PREPARING
    assert Job.model_validate_json(assignment.folder.job.read_bytes()).token == 1
    assert attempts.claim_next() is None


def test_the_next_attempt_starts_from_the_newest_checkpoint_that_verifies(
    attempts: Attempts, queued: Run, folders: Folders
) -> None:
    good, damaged = checkpoint(folders, queued, 10), checkpoint(folders, queued, 20)
    (damaged / "state.json").write_text("[]")
    job = Job.model_validate_json(claimed(attempts).folder.job.read_bytes())
    assert job.resume_from == str(good)


def test_facts_of_an_old_attempt_are_not_taken_in(attempts: Attempts, queued: Run) -> None:
    old = claimed(attempts)
    attempts.lose(queued.run_id, old.run.token, lost(queued))
    claimed(attempts)
    assert attempts.take_in(queued.run_id, old.run.token, [], 99, FactFolder(Path("/x"))) is None
    assert attempts.current(queued.run_id, old.run.token) is None
    assert attempts.lose(queued.run_id, old.run.token, lost(queued)) is None


def test_a_lost_run_is_queued_again_after_a_growing_pause_and_given_up_in_the_end(
    attempts: Attempts, queued: Run, store: Store
) -> None:
    pauses = []
    for _ in range(supervision().retry.attempts - 1):
        token = claimed(attempts).run.token
        again = attempts.lose(queued.run_id, token, lost(queued))
        assert again is not None
        assert again.state is RunState.QUEUED
        pauses.append(again.retry_seconds)
    assert pauses == sorted(set(pauses))
    token = claimed(attempts).run.token
    given_up = attempts.lose(queued.run_id, token, lost(queued))
    assert given_up is not None
    assert given_up.state is RunState.FAILED
    assert given_up.problem is not None
    assert given_up.problem.code == "runs.worker_lost"
    with store.reading() as tx:
        moves = tx.events.after(0, kinds=("run.state",))
    causes = [event.body["cause"] for event in moves if event.body["move"] == "lose"]
    assert [f"begins in {pause:g} s" in cause for pause, cause in zip(pauses, causes, strict=True)] == [True, True]


def test_a_worker_that_ran_out_of_memory_is_not_tried_again_with_the_same_plan(attempts: Attempts, queued: Run) -> None:
    run = claimed(attempts).run
    failed = attempts.lose(run.run_id, run.token, WorkerOutOfMemory(used="9 GB", half=512, run=run.name))
    assert failed is not None
    assert failed.state is RunState.FAILED
    assert failed.problem is not None
    assert failed.problem.code == "runs.out_of_memory"


def test_a_run_that_was_to_stop_ends_with_its_checkpoint_when_its_worker_is_lost(
    attempts: Attempts, queued: Run, store: Store, folders: Folders
) -> None:
    run = claimed(attempts).run
    kept = checkpoint(folders, run, 10)
    with store.writing() as tx:
        tx.runs.update(run.model_copy(update={"state": RunState.PAUSING, "keeps_checkpoint": True}))
    ended = attempts.lose(run.run_id, run.token, lost(run))
    assert ended is not None
    assert ended.state is RunState.CANCELLED
    assert kept.exists()
    assert RunMove.RESUME in ended.wishes


def test_a_supervisor_whose_lease_was_taken_over_can_change_nothing(
    attempts: Attempts, queued: Run, store: Store, folders: Folders
) -> None:
    run = claimed(attempts).run
    other = attempts_of(store, folders, "there/1")
    (lease,) = other.beat()
    assert other.take_over(lease) is not None
    assert attempts.current(run.run_id, run.token) is None
    assert attempts.take_in(run.run_id, run.token, [], 9, FactFolder(Path("/x"))) is None
    assert attempts.lose(run.run_id, run.token, lost(run)) is None
    assert other.current(run.run_id, run.token) is not None


def test_a_lease_that_beat_meanwhile_is_not_taken_over(
    attempts: Attempts, queued: Run, store: Store, folders: Folders
) -> None:
    claimed(attempts)
    other = attempts_of(store, folders, "there/1")
    (lease,) = other.beat()
    attempts.beat()
    assert other.take_over(lease) is None


def test_runs_of_another_workspace_on_the_same_database_are_left_alone(
    attempts: Attempts, store: Store, folders: Folders
) -> None:
    with store.writing() as tx:
        tx.runs.add(a_run(home="ws_elsewhere"))
    assert attempts.claim_next() is None
    assert not attempts.anything_to_do()


def test_a_run_that_was_to_stop_is_paused_when_its_worker_is_lost(
    attempts: Attempts, queued: Run, store: Store
) -> None:
    run = claimed(attempts).run
    with store.writing() as tx:
        tx.runs.update(run.model_copy(update={"state": RunState.PAUSING}))
    parked = attempts.lose(run.run_id, run.token, lost(run))
    assert parked is not None
    assert parked.state is RunState.PAUSED


def test_wishes_reach_the_attempts_own_folder_with_its_token(attempts: Attempts, queued: Run) -> None:
    assignment = claimed(attempts)
    attempts.send(assignment.run, "stop")
    (record,) = read_journal(assignment.folder.commands).records
    assert (record.kind, record.body) == ("stop", {"token": assignment.run.token})


def test_a_cancelled_run_is_owned_until_its_worker_is_gone_and_leaves_no_checkpoint(
    attempts: Attempts, queued: Run, store: Store, folders: Folders
) -> None:
    run = claimed(attempts).run
    folder = checkpoint(folders, run, 10)
    with store.writing() as tx:
        tx.runs.update(run.model_copy(update={"state": RunState.CANCELLED}))
    assert attempts.anything_to_do()
    attempts.close(run.run_id, run.token)
    assert not attempts.anything_to_do()
    assert not folder.exists()


def test_a_run_whose_attempt_cannot_begin_fails_and_can_be_resumed(
    attempts: Attempts, queued: Run, folders: Folders, store: Store
) -> None:
    assignment = attempts.claim_next()
    assert assignment is not None
    folders.run(queued.run_id).train_file.unlink()
    with pytest.raises(OSError):
        attempts.write_job(assignment)
    attempts.fail(queued.run_id, assignment.run.token, WorkerNotStarted(reason="no such file", run=queued.name))
    with store.reading() as tx:
        failed = tx.runs.find(queued.run_id)
    assert failed.state is RunState.FAILED
    assert failed.problem is not None
    assert failed.problem.code == "runs.worker_not_started"
    assert RunMove.RESUME in allowed_moves(failed.state)
