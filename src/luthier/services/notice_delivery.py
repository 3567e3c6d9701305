"""From stored notices to the outside: every delivery is noted before it begins and after it ends."""

import logging
from collections.abc import Callable
from datetime import timedelta

from luthier.domain.errors import LuthierError
from luthier.domain.notices import Delivery, DeliveryState, Notice
from luthier.domain.notifications import Channel, ChannelNotFound, DesktopChannel, DesktopNotThere, TargetRefused
from luthier.health.notices import notice_limits
from luthier.kit.clock import Clock
from luthier.services.folders import Folders
from luthier.services.notification_settings import NotificationSettingsFile
from luthier.store import Store

log = logging.getLogger(__name__)

_AT_ONCE = 20
_LASTING = (DesktopNotThere, TargetRefused)  # trying again would end in the same way

Send = Callable[[Notice, Channel, str | None], None]  # raises a LuthierError when it was not taken


class NoticeDelivery:
    """`send` brings one notice through one channel; the third argument is the channel's secret.

    Whoever dies in the middle of sending leaves it as begun, and after a while it is done again under the same id, by
    which receivers know it. On the desktop, where nobody could, it is not done again.
    """

    def __init__(
        self, store: Store, folders: Folders, settings: NotificationSettingsFile, clock: Clock, send: Send
    ) -> None:
        self._store = store
        self._folders = folders
        self._settings = settings
        self._clock = clock
        self._send = send
        self._limits = notice_limits().delivery

    def deliver(self) -> int:
        """All that are due now; returns how many were sent."""
        with self._store.reading() as tx:
            due = tx.notices.due(self._folders.workspace_id, self._clock.now(), _AT_ONCE)
        return sum(self._deliver_one(delivery) for delivery in due)

    def send_now(self, notice: Notice, channel: Channel) -> None:
        """Without a record of the way. Raises what the channel raises."""
        self._send(notice, channel, self._settings.secret_of(channel))

    def _deliver_one(self, delivery: Delivery) -> bool:
        begun = self._begin(delivery)
        if begun is None:
            return False
        delivery, notice, channel = begun
        try:
            self.send_now(notice, channel)
        except LuthierError as error:
            log.warning("a notice was not delivered: %s", error, extra={"code": error.problem.code})
            self._end_badly(delivery, error)
            return False
        self._note(delivery.model_copy(update={"state": DeliveryState.SENT, "ended_at": self._clock.now()}))
        return True

    def _begin(self, seen: Delivery) -> tuple[Delivery, Notice, Channel] | None:
        """None when there is nothing left to send, or another process has begun it."""
        now = self._clock.now()
        with self._store.writing() as tx:
            current = next(
                (each for each in tx.notices.deliveries_of((seen.notice_id,)) if each.channel_id == seen.channel_id),
                None,
            )
            notice = tx.notices.get(seen.notice_id)
            if current != seen or notice is None:
                return None
            channel = self._channel(seen.channel_id)
            ended = self._ending(seen, notice, channel)
            if channel is None or ended is not None:
                state, problem = ended or (DeliveryState.FAILED, "The channel was removed.")
                over = {"state": state, "problem": problem, "ended_at": now}
                tx.notices.put_delivery(seen.model_copy(update=over))
                return None
            update = {
                "state": DeliveryState.SENDING,
                "attempts": seen.attempts + 1,
                "due_at": now + timedelta(seconds=self._limits.sending_seconds),
            }
            begun = seen.model_copy(update=update)
            tx.notices.put_delivery(begun)
        return begun, notice, channel

    def _ending(self, delivery: Delivery, notice: Notice, channel: Channel | None) -> tuple[DeliveryState, str] | None:
        """Why a delivery that is due is not begun after all."""
        if delivery.state is DeliveryState.SENDING and isinstance(channel, DesktopChannel):
            return DeliveryState.FAILED, "The process that showed it ended meanwhile; it may have been seen."
        late = self._clock.now() - max(notice.at, delivery.due_at)
        if late > timedelta(hours=self._limits.news_hours):
            return DeliveryState.EXPIRED, f"It could not be sent within {self._limits.news_hours:g} h."
        if delivery.attempts >= self._limits.attempts:
            return DeliveryState.FAILED, delivery.problem or "Every attempt to send it was broken off."
        return None

    def _channel(self, channel_id: str) -> Channel | None:
        try:
            return self._settings.find(channel_id)
        except ChannelNotFound:
            return None

    def _end_badly(self, delivery: Delivery, error: LuthierError) -> None:
        now = self._clock.now()
        over = delivery.attempts >= self._limits.attempts or isinstance(error, _LASTING)
        update = {
            "state": DeliveryState.FAILED if over else DeliveryState.PENDING,
            "problem": error.problem.sentence,
            "ended_at": now if over else None,
            "due_at": now + timedelta(seconds=self._limits.pause_after(delivery.attempts)),
        }
        self._note(delivery.model_copy(update=update))

    def _note(self, delivery: Delivery) -> None:
        with self._store.writing() as tx:
            tx.notices.put_delivery(delivery)
