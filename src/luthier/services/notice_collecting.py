"""From events to notices: each event is looked at once, and what it makes is stored together with how far we came."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from luthier.domain.events import Event
from luthier.domain.notices import Delivery, DeliveryState, Notice, Urgency
from luthier.domain.notifications import NotificationSettings
from luthier.domain.runs import MetricPoint, Run
from luthier.health.notices import notice_limits
from luthier.kit.clock import Clock
from luthier.services.folders import Folders
from luthier.services.notice_rules import WATCHED, notices_of
from luthier.services.notification_settings import NotificationSettingsFile
from luthier.store import Store, Transaction

_PAGE = 500


class NoticeCollecting:
    def __init__(self, store: Store, folders: Folders, settings: NotificationSettingsFile, clock: Clock) -> None:
        self._store = store
        self._folders = folders
        self._settings = settings
        self._clock = clock

    def collect(self) -> int:
        """Reads on to the newest event; returns how many notices that made. A crash in between repeats nothing."""
        home = self._folders.workspace_id
        reader, made = reader_of(home), 0
        settings = self._settings.read()
        while True:
            with self._store.reading() as tx:
                seen = tx.notices.read_to(reader)
                if not tx.events.after(seen, limit=1, kinds=WATCHED):
                    return made
            with self._store.writing() as tx:
                page = tx.events.after(tx.notices.read_to(reader), limit=_PAGE, kinds=WATCHED)
                made += sum(self._of_event(tx, home, event, settings) for event in page)
                if page:
                    tx.notices.has_read(reader, page[-1].seq)

    def _of_event(self, tx: Transaction, home: str, event: Event, settings: NotificationSettings) -> int:
        run = tx.runs.get(event.run_id) if event.run_id is not None else None
        if run is None or run.home not in (home, ""):
            return 0
        drafts = notices_of(event, run, self._held_out(tx, run, event))
        new = [notice for notice in drafts if tx.notices.add(home, notice)]
        for notice in new:
            send_out(tx, notice, settings, self._clock.now())
        return len(new)

    @staticmethod
    def _held_out(tx: Transaction, run: Run, event: Event) -> Sequence[MetricPoint]:
        return tx.metrics.list(run.run_id, ("held_out_loss",)) if event.kind == "run.held_out_loss" else ()


def reader_of(workspace_id: str) -> str:
    """Under which name the workspace remembers how far its events were read for notices."""
    return f"notices of {workspace_id}"


def send_out(tx: Transaction, notice: Notice, settings: NotificationSettings, now: datetime) -> None:
    """One delivery for each channel that wants it, and an event for the pages that are open."""
    quiet_until = settings.quiet_hours.until(now) if settings.quiet_hours else None
    held = quiet_until if quiet_until is not None and notice.urgency is not Urgency.URGENT else None
    is_news = now - notice.at < timedelta(hours=notice_limits().delivery.news_hours)
    for channel in settings.channels if is_news else ():
        if channel.wants(notice):
            delivery = Delivery(
                notice_id=notice.notice_id,
                channel_id=channel.channel_id,
                state=DeliveryState.PENDING,
                due_at=held or now,
            )
            tx.notices.put_delivery(delivery)
    body = notice.model_dump(mode="json", exclude={"key", "run_id"})
    tx.events.append("run.notice", notice.run_id, "notifier", {**body, "quiet": held is not None or not is_news}, now)
