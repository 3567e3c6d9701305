"""A workspace's notices with a clock that is turned by hand and a far side that takes, refuses or dies on request."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from luthier.domain.notices import Notice
from luthier.domain.notifications import Channel, NoticeNotDelivered
from luthier.domain.runs import MetricPoint, Run
from luthier.services.folders import Folders
from luthier.services.notice_collecting import NoticeCollecting
from luthier.services.notice_delivery import NoticeDelivery
from luthier.services.notification_settings import NotificationSettingsFile
from luthier.services.notifications import Notifications
from luthier.store import Store
from tests.builders import a_run
from tests.kit.clocks import PatientClock


class Killed(BaseException):
    """The process ends here."""


class Desk:
    def __init__(self, store: Store, folders: Folders) -> None:
        folders.locks.mkdir(parents=True, exist_ok=True)
        self.store = store
        self.folders = folders
        self.clock = PatientClock()
        self.settings = NotificationSettingsFile(folders)
        self.taken: list[tuple[str, str]] = []  # channel, title
        self.ids: list[str] = []
        self.refuses: Callable[[Notice, Channel], bool] = lambda notice, channel: False
        self.dies = ""  # before or after it was taken
        self.restart()

    def restart(self) -> None:
        """As another process would begin: nothing is remembered but what is stored."""
        self.collecting = NoticeCollecting(self.store, self.folders, self.settings, self.clock)
        self.delivery = NoticeDelivery(self.store, self.folders, self.settings, self.clock, self._send)
        self.notifications = Notifications(self.store, self.folders, self.settings, self.delivery, self.clock)

    def _send(self, notice: Notice, channel: Channel, secret: str | None) -> None:
        if self.dies == "before":
            raise Killed
        if self.refuses(notice, channel):
            raise NoticeNotDelivered(target="there", reason="it is away")
        self.taken.append((channel.name, notice.title))
        self.ids.append(notice.notice_id)
        if self.dies == "after":
            raise Killed

    def webhook(self, name: str = "team", **changes: Any) -> Channel:
        return self.notifications.add(
            {"kind": "webhook", "name": name, "url": "https://example.org/x", **changes}
        ).channel

    def run(self, **changes: Any) -> Run:
        run = a_run(**{"total_steps": 60, **changes})
        with self.store.writing() as tx:
            tx.runs.add(run)
        return run

    def happens(self, run: Run, kind: str, *, author: str = "worker", **body: Any) -> None:
        with self.store.writing() as tx:
            tx.events.append(kind, run.run_id, author, body, self.clock.now())

    def steps(self, run: Run, *numbers: int) -> None:
        with self.store.writing() as tx:
            for number in numbers:
                body = {"step": number, "total_steps": run.total_steps, "loss": 0.5}
                tx.events.append("run.step", run.run_id, "worker", body, self.clock.now())

    def measured(self, run: Run, step: int, loss: float) -> None:
        with self.store.writing() as tx:
            tx.metrics.put(run.run_id, [MetricPoint(step=step, name="held_out_loss", value=loss)])
        self.happens(run, "run.held_out_loss", step=step, loss=loss, tokens=10)

    def look(self) -> None:
        self.collecting.collect()
        self.delivery.deliver()

    def titles(self) -> list[str]:
        """Of all notices, oldest first."""
        return [record.notice.title for record in reversed(self.notifications.history(limit=10_000))]

    def passes(self, **time: float) -> None:
        self.clock.sleep(timedelta(**time).total_seconds())
