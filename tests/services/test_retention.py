from datetime import datetime, timedelta

import pytest

from luthier.domain.chats import Exchange, How, KeptChat
from luthier.domain.run_states import RunState
from luthier.domain.runs import MetricPoint, Run
from luthier.health.checkpoints import folder_of_step, sealed_checkpoints
from luthier.kit.clock import SystemClock
from luthier.services.folders import Folders
from luthier.services.retention import Retention
from luthier.settings import Settings
from luthier.store import Store
from tests.builders import a_checkpoint, a_run

NOW = SystemClock().now()


def days_ago(days: float) -> datetime:
    return NOW - timedelta(days=days)


def retention(store: Store, folders: Folders, **kept: int) -> Retention:
    settings = Settings.model_validate({"home": folders.root, **kept})
    return Retention(store, folders, lambda: settings, SystemClock())


def an_old_run(store: Store, folders: Folders, state: RunState = RunState.COMPLETED, days: float = 40) -> Run:
    run = a_run(
        state=state, attempt=1, finished_at=days_ago(days), created_at=days_ago(days), updated_at=days_ago(days)
    )
    folder = folders.run(run.run_id)
    with store.writing() as tx:
        tx.runs.add(run)
        for step in (10, 20, 30):
            tx.checkpoints.put(a_checkpoint(run.run_id, step))
            place = folder_of_step(folder.checkpoints, step)
            place.mkdir(parents=True)
            (place / "tensors.safetensors").write_bytes(b"x" * 100)
    folder.attempt(1).log.parent.mkdir(parents=True)
    folder.attempt(1).log.write_text("a line\n")
    folder.attempt(1).journal.write_text("a fact\n")
    return run


def a_chat(store: Store, days: float) -> str:
    at = days_ago(days)
    chat = KeptChat(
        chat_id=f"chat_{days}", created_at=at, changed_at=at, exchanges=(Exchange(question="Why?", how=How()),)
    )
    with store.writing() as tx:
        tx.chats.add(chat)
    return chat.chat_id


def steps(folders: Folders, run: Run) -> list[str]:
    return [folder.name for folder in sealed_checkpoints(folders.run(run.run_id).checkpoints)]


def test_without_a_limit_nothing_ever_goes(store: Store, folders: Folders) -> None:
    an_old_run(store, folders)
    a_chat(store, 4000)
    assert retention(store, folders).apply() == ()


def test_old_checkpoints_go_and_the_newest_of_each_run_stays(store: Store, folders: Folders) -> None:
    run = an_old_run(store, folders)
    gone = retention(store, folders, checkpoints_kept_days=30).apply()
    assert [each.size_bytes for each in gone] == [100, 100]
    assert steps(folders, run) == ["step-000030"]
    with store.reading() as tx:
        assert [each.step for each in tx.checkpoints.list(run.run_id)] == [30]


def test_the_checkpoint_with_the_lowest_held_out_loss_stays_too(store: Store, folders: Folders) -> None:
    run = an_old_run(store, folders)
    losses = {5: 0.1, 10: 0.9, 20: 0.5, 30: 0.7}  # of step 5 there is no checkpoint
    with store.writing() as tx:
        points = [MetricPoint(step=step, name="held_out_loss", value=loss) for step, loss in losses.items()]
        tx.metrics.put(run.run_id, points)
    retention(store, folders, checkpoints_kept_days=30).apply()
    assert steps(folders, run) == ["step-000020", "step-000030"]


@pytest.mark.parametrize("state", [RunState.PAUSED, RunState.RUNNING, RunState.QUEUED])
def test_a_run_that_has_not_ended_keeps_everything(store: Store, folders: Folders, state: RunState) -> None:
    run = an_old_run(store, folders, state)
    assert retention(store, folders, checkpoints_kept_days=1, logs_kept_days=1).apply() == ()
    assert len(steps(folders, run)) == 3


def test_a_run_that_ended_lately_keeps_everything(store: Store, folders: Folders) -> None:
    an_old_run(store, folders, days=29)
    assert retention(store, folders, checkpoints_kept_days=30, logs_kept_days=30).leaving() == ()


def test_a_run_that_began_again_between_looking_and_removing_keeps_its_checkpoints(
    store: Store, folders: Folders
) -> None:
    run = an_old_run(store, folders, RunState.FAILED)
    keeping = retention(store, folders, checkpoints_kept_days=30)
    seen = keeping.leaving()
    with store.writing() as tx:
        tx.runs.update(run.model_copy(update={"state": RunState.QUEUED}))
    assert len(seen) == 2
    assert keeping.remove(seen) == ()
    assert len(steps(folders, run)) == 3


def test_old_logs_go_and_journals_stay(store: Store, folders: Folders) -> None:
    run = an_old_run(store, folders)
    gone = retention(store, folders, logs_kept_days=30).apply()
    attempt = folders.run(run.run_id).attempt(1)
    assert [each.kind for each in gone] == ["log"]
    assert not attempt.log.exists()
    assert attempt.journal.exists()


def test_only_chats_that_nobody_changed_for_so_long_go(store: Store, folders: Folders) -> None:
    old, new = a_chat(store, 31), a_chat(store, 29)
    assert [each.reference for each in retention(store, folders, chats_kept_days=30).apply()] == [old]
    with store.reading() as tx:
        assert [chat.chat_id for chat in tx.chats.list("", 10, None)] == [new]
