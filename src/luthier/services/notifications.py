"""Notices as people handle them: channels are added, tried and removed, and the history says what became of each."""

import secrets
from typing import Any, NamedTuple

from luthier.domain.notices import Notice, NoticeRecord, Urgency
from luthier.domain.notifications import Channel, NotificationSettings
from luthier.kit.clock import Clock
from luthier.kit.ids import new_id
from luthier.services.folders import Folders
from luthier.services.notice_delivery import NoticeDelivery
from luthier.services.notification_settings import NotificationSettingsFile
from luthier.store import Store

_SECRET_BYTES = 32


class Added(NamedTuple):
    channel: Channel
    secret: str | None  # with which a webhook is signed; shown this once


class Notifications:
    def __init__(
        self,
        store: Store,
        folders: Folders,
        settings: NotificationSettingsFile,
        delivery: NoticeDelivery,
        clock: Clock,
    ) -> None:
        self._store = store
        self._folders = folders
        self._settings = settings
        self._delivery = delivery
        self._clock = clock

    def settings(self) -> NotificationSettings:
        """Raises NotificationSettingsDamaged."""
        return self._settings.read()

    def add(self, values: dict[str, Any], password: str | None = None) -> Added:
        """`password` is that of an e-mail server. Raises ChannelInvalid or ChannelNameTaken."""
        if values.get("kind") != "webhook":
            return Added(self._settings.add(values, password), None)
        secret = secrets.token_urlsafe(_SECRET_BYTES)
        return Added(self._settings.add(values, secret), secret)

    def remove(self, reference: str) -> Channel:
        """What it has not sent yet is dropped. Raises ChannelNotFound."""
        channel = self._settings.remove(reference)
        with self._store.writing() as tx:
            tx.notices.drop_open_deliveries(channel.channel_id)
        return channel

    def set_quiet_hours(self, begin: str | None, end: str | None) -> NotificationSettings:
        """Raises QuietHoursInvalid."""
        return self._settings.set_quiet_hours(begin, end)

    def test(self, reference: str) -> Channel:
        """Sends a notice now, whatever the hour. Raises ChannelNotFound, and why it was not taken."""
        channel = self._settings.find(reference)
        notice_id = new_id("note")
        notice = Notice(
            notice_id=notice_id,
            key=notice_id,
            at=self._clock.now(),
            kind="test",
            urgency=Urgency.NORMAL,
            title="Luthier: a test",
            sentence=f"Notices arrive through {channel.name}.",
        )
        self._delivery.send_now(notice, channel)
        return channel

    def history(self, limit: int = 50, before: str | None = None) -> list[NoticeRecord]:
        """Newest first."""
        with self._store.reading() as tx:
            found = tx.notices.newest(self._folders.workspace_id, limit, before)
            ways = tx.notices.deliveries_of([notice.notice_id for notice in found])
        return [
            NoticeRecord(notice=notice, deliveries=tuple(way for way in ways if way.notice_id == notice.notice_id))
            for notice in found
        ]
