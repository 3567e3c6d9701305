"""A database that is lost or damaged comes back from the folders as it was."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

import pytest
from filelock import FileLock

from luthier.domain.gates import Gate
from luthier.domain.reindexing import DatabaseInUse, NothingToReindex, Reindexed
from luthier.domain.run_states import RunState
from luthier.kit.clock import SystemClock
from luthier.services.plans import Plans
from luthier.services.reindexing import reindex
from luthier.services.runs import Runs
from luthier.settings import Settings
from luthier.store import Transaction, open_store
from luthier.workspace import Workspace
from tests.builders import a_moment
from tests.builders.chats import a_chat
from tests.builders.suites import an_evaluation_of, an_outcome
from tests.orchestration.simulated import Host
from tests.services.documents import documents
from tests.services.shops import Shop, no_matter


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    shop = Shop(tmp_path / "shop")
    yield shop
    shop.workspace.close()


def made_anew(shop: Shop) -> Reindexed:
    return reindex(Settings(home=shop.folders.root), SystemClock(), no_matter)


def lose_the_database(shop: Shop) -> None:
    shop.workspace._store.close()
    for part in shop.folders.root.glob("luthier.db*"):
        part.unlink()


def finish(shop: Shop) -> None:
    """The simulated worker has no evaluation phase of its own; it says that it goes there."""
    worker = shop.host.workers[-1]
    worker.say("phase", phase="completing")
    worker.finish()
    for _ in range(4):
        shop.clock.elapsed += 1
        shop.host.supervisor.tick()


class Died(Exception): ...


@contextmanager
def dying_before_the_commit(shop: Shop, *, of_a_version: bool = False) -> Iterator[None]:
    """The next change is written down beside the database, and not done."""
    store = shop.workspace._store
    history = store._recorder
    assert history is not None

    def recorder(tx: Transaction) -> None:
        history(tx)
        if tx.versions.changed or not of_a_version:
            raise Died

    store._recorder = recorder
    with pytest.raises(Died):
        yield
    store._recorder = history


def test_everything_of_a_completed_run_comes_back(shop: Shop) -> None:
    again = shop.workspace.datasets.import_file(str(shop.folders.root.parent / "orders.jsonl"), name="other")
    assert again.dataset_id == shop.dataset.dataset_id
    shop.train(5)
    shop.host.workers[0].end()
    for _ in range(6):
        shop.clock.elapsed += 1
        shop.host.supervisor.tick()
    shop.train(6)
    finish(shop)
    before = documents(shop.folders.database)
    (run,) = before["runs"]
    assert (run.state, run.attempt) == (RunState.COMPLETED, 2) and run.version_id
    assert len(before["metrics"][run.run_id]) > 20 and len(before["events"][run.run_id]) > 10
    lose_the_database(shop)
    done = made_anew(shop)
    assert documents(shop.folders.database) == before
    assert (done.runs, done.datasets, done.versions, done.set_aside) == (1, 2, 1, None)
    assert [lost.what for lost in done.not_brought_back] == ["sign-ins"]


def test_evaluations_votes_gates_and_chats_come_back_but_for_what_was_removed(shop: Shop) -> None:
    evaluations = [an_evaluation_of((an_outcome("1", against=0.0),), begun_at=a_moment(at)) for at in range(3)]
    with shop.workspace._store.writing() as tx:
        for evaluation in evaluations:
            tx.evaluations.add(evaluation, (an_outcome("1", against=0.0),))
        for number in range(3):
            tx.chats.add(a_chat(f"chat_{number}"))
        tx.evaluations.put_gate(Gate(suite="sums", allowed_drop=0.1))
        tx.evaluations.put_gate(Gate(suite="words", allowed_drop=0.2))
    with shop.workspace._store.writing() as tx:
        tx.evaluations.vote(evaluations[1].evaluation_id, "1", "target")
        tx.evaluations.remove(evaluations[0].evaluation_id)
        tx.evaluations.drop_gate("words")
        tx.chats.save(a_chat("chat_1", answer="No."))
        tx.chats.remove("chat_0")
    before = documents(shop.folders.database)
    kinds = ("evaluations", "gates", "chats")
    assert [len(before[kind]) for kind in kinds] == [2, 1, 2]
    lose_the_database(shop)
    made_anew(shop)
    after = documents(shop.folders.database)
    assert [after[kind] for kind in kinds] == [before[kind] for kind in kinds]


def test_a_chat_that_cannot_be_read_is_named_and_stands_in_no_ones_way(shop: Shop) -> None:
    with shop.workspace._store.writing() as tx:
        tx.chats.add(a_chat("chat_1"))
        tx.chats.add(a_chat("chat_2"))
        tx.evaluations.put_gate(Gate(suite="sums", allowed_drop=0.1))
    for path in (shop.folders.chats / "chat_1.json", shop.folders.evaluations / "gates.json"):
        path.write_text("{")
    lose_the_database(shop)
    done = made_anew(shop)
    assert [lost.what for lost in done.not_brought_back][-2:] == ["gates", "chat chat_1"]
    assert [chat.chat_id for chat in documents(shop.folders.database)["chats"]] == ["chat_2"]


def test_a_run_that_was_at_work_goes_on_from_its_checkpoint(shop: Shop) -> None:
    shop.train(8)
    before = documents(shop.folders.database)
    lose_the_database(shop)
    done = made_anew(shop)
    assert done.going_on == (shop.run.name,)
    after = documents(shop.folders.database)
    (run,) = after["runs"]
    assert run.state is RunState.QUEUED
    assert after["metrics"] == before["metrics"]
    assert after["checkpoints"] == before["checkpoints"]
    assert after["events"][run.run_id][: len(before["events"][run.run_id])] == before["events"][run.run_id]
    workspace = Workspace(Settings(home=shop.folders.root), SystemClock())
    host = Host("again", workspace._store, workspace.folders, shop.clock)
    host.supervisor.tick()
    assert workspace.runs.get(run.run_id).attempt == 2
    workspace.close()


def test_a_run_that_begins_again_does_not_get_its_old_steps_back(shop: Shop) -> None:
    shop.train(8)
    shop.runs.cancel(shop.run.run_id)
    shop.train(3)
    shop.runs.retry(shop.run.run_id)
    shop.train(4)
    shop.runs.cancel(shop.run.run_id)
    shop.train(3)
    before = documents(shop.folders.database)
    lose_the_database(shop)
    made_anew(shop)
    assert documents(shop.folders.database) == before


def test_a_change_that_was_undone_is_no_part_of_the_history(shop: Shop) -> None:
    shop.train(4)

    with dying_before_the_commit(shop):
        shop.runs.pause(shop.run.run_id)
    shop.runs.cancel(shop.run.run_id)
    shop.train(2)
    before = documents(shop.folders.database)
    lose_the_database(shop)
    made_anew(shop)
    assert documents(shop.folders.database)["events"] == before["events"]


@pytest.mark.parametrize("goes_on", [True, False])
def test_a_version_whose_registering_was_undone_is_none(goes_on: bool, shop: Shop) -> None:
    shop.train(4)
    with dying_before_the_commit(shop, of_a_version=True):
        finish(shop)
    assert len(list(shop.folders.registry.glob("ver_*"))) == 1
    if not goes_on:
        shop.runs.cancel(shop.run.run_id)
    shop.clock.elapsed += 1
    shop.host.supervisor.tick()
    before = documents(shop.folders.database)
    assert len(before["versions"]) == int(goes_on)
    lose_the_database(shop)
    made_anew(shop)
    assert documents(shop.folders.database)["versions"] == before["versions"]


def test_a_run_from_before_histories_were_kept_gets_its_steps_back(shop: Shop) -> None:
    shop.train(8)
    shop.folders.run(shop.run.run_id).history.unlink()
    shop.runs.cancel(shop.run.run_id)
    shop.train(2)
    before = documents(shop.folders.database)
    lose_the_database(shop)
    lost = [each.what for each in made_anew(shop).not_brought_back]
    after = documents(shop.folders.database)
    assert lost == ["sign-ins", f"who moved {shop.run.name} at first"]
    assert after["runs"] == before["runs"] and after["metrics"] == before["metrics"] != {}


def test_a_database_made_anew_can_be_lost_again(shop: Shop) -> None:
    shop.train(6)
    for _ in range(2):
        lose_the_database(shop)
        made_anew(shop)
        workspace = Workspace(Settings(home=shop.folders.root), SystemClock())
        runs = Runs(workspace._store, workspace.folders, cast(Plans, None), shop.clock, wake=lambda: None)
        shop.clock.elapsed += 1
        runs.pause(shop.run.run_id)
        shop.clock.elapsed += 1
        runs.resume(shop.run.run_id)
        workspace.close()
    before = documents(shop.folders.database)
    lose_the_database(shop)
    made_anew(shop)
    assert documents(shop.folders.database) == before


def test_a_damaged_database_is_set_aside_and_never_removed(shop: Shop) -> None:
    shop.train(6)
    shop.workspace._store.close()
    content = bytearray(shop.folders.database.read_bytes())
    content[:100] = bytes(100)
    shop.folders.database.write_bytes(content)
    done = made_anew(shop)
    assert done.set_aside is not None
    assert Path(done.set_aside).read_bytes() == bytes(content)
    assert len(documents(shop.folders.database)["runs"]) == 1


def test_a_database_that_can_be_read_is_left_alone(shop: Shop) -> None:
    before = documents(shop.folders.database)
    with pytest.raises(NothingToReindex):
        made_anew(shop)
    assert documents(shop.folders.database) == before


@pytest.mark.parametrize("lock", ["server.lock", "supervisor.lock"])
def test_nothing_is_made_anew_under_somebody_who_is_at_work(lock: str, shop: Shop) -> None:
    lose_the_database(shop)
    with FileLock(shop.folders.locks / lock), pytest.raises(DatabaseInUse):
        made_anew(shop)
    assert not shop.folders.database.exists()


def test_what_cannot_come_back_is_said_by_name(shop: Shop) -> None:
    shop.train(1)
    (shop.folders.runs / "run_old").mkdir()
    (shop.folders.runs / "run_new" / "x").mkdir(parents=True)
    (shop.folders.runs / "run_new" / "history.jsonl").write_text(json.dumps({"seq": 1}) + "\n")
    shop.folders.dataset_versions(shop.dataset.dataset_id).unlink()
    lose_the_database(shop)
    lost = {each.what for each in made_anew(shop).not_brought_back}
    assert lost == {"sign-ins", "run run_old", "run run_new", "the version of orders@1"}
    with open_store(shop.folders.database).reading() as tx:
        assert tx.datasets.find("orders").dataset_id == shop.dataset.dataset_id


def test_new_events_are_numbered_above_all_that_watchers_have_seen(shop: Shop) -> None:
    shop.train(6)
    shop.runs.cancel(shop.run.run_id)
    shop.train(2)
    last_change = [event for event in shop.workspace.runs.events_after(0) if event.kind == "run.state"][-1]
    lose_the_database(shop)
    made_anew(shop)
    workspace = Workspace(Settings(home=shop.folders.root), SystemClock())
    numbers = [event.seq for event in workspace.runs.events_after(0)]
    assert min(numbers) > last_change.seq
    workspace.close()
