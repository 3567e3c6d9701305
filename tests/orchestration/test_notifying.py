"""Who looks after notices: one process at a time, and another when that one is gone."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from luthier.domain.notices import DeliveryState
from luthier.kit.clock import SystemClock
from luthier.orchestration.notifying import Notifying, notifying
from luthier.services.folders import Folders
from luthier.services.notification_settings import NotificationSettingsFile
from luthier.settings import Settings
from luthier.store import Store, open_store
from tests.builders import a_run
from tests.kit.loopback import Loopback, loopback


@pytest.fixture
def receiver() -> Iterator[Loopback]:
    with loopback(lambda exchange: exchange.answer(200)) as server:
        yield server


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(tmp_path / "luthier.db")
    yield opened
    opened.close()


def on(store: Store, folder: Path, receiver: Loopback) -> Notifying:
    (folder / "locks").mkdir(exist_ok=True)
    settings = Settings(home=folder, notify_origins=(receiver.address,))
    return notifying(store, Folders(folder), settings, SystemClock())


def milestone(store: Store, folder: Path, receiver: Loopback) -> None:
    (folder / "locks").mkdir(exist_ok=True)
    values = {"kind": "webhook", "name": "team", "url": f"{receiver.address}/hook"}
    NotificationSettingsFile(Folders(folder)).add(values, "secret")
    run = a_run(name="orders", total_steps=4)
    with store.writing() as tx:
        tx.runs.add(run)
        body = {"step": 1, "total_steps": 4, "loss": 0.5}
        tx.events.append("run.step", run.run_id, "worker", body, SystemClock().now())


def test_what_happened_last_is_still_told_when_a_process_ends(store: Store, tmp_path: Path, receiver: Loopback) -> None:
    with on(store, tmp_path, receiver):
        milestone(store, tmp_path, receiver)
    assert [path for path, _ in receiver.seen] == ["/hook"]
    with store.reading() as tx:
        (delivery,) = tx.notices.deliveries_of([notice.notice_id for notice in tx.notices.newest("", 9)])
    assert delivery.state is DeliveryState.SENT


def test_two_processes_tell_it_once(store: Store, tmp_path: Path, receiver: Loopback) -> None:
    milestone(store, tmp_path, receiver)
    with on(store, tmp_path, receiver), on(store, tmp_path, receiver):
        pass
    assert len(receiver.seen) == 1


def test_a_damaged_file_of_settings_does_not_end_the_watching(store: Store, tmp_path: Path, receiver: Loopback) -> None:
    path = Folders(tmp_path).notifications
    path.write_text("{ this is no JSON")
    with on(store, tmp_path, receiver):
        pass
    path.unlink()
    milestone(store, tmp_path, receiver)
    with on(store, tmp_path, receiver):
        pass
    assert len(receiver.seen) == 1
