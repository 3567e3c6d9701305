"""One notice through one channel, whatever its kind."""

from luthier.connectors.desktop import Desktop
from luthier.connectors.mail import Mail
from luthier.connectors.webhook import Webhook
from luthier.domain.notices import Notice
from luthier.domain.notifications import Channel, DesktopChannel, EmailChannel, WebhookChannel
from luthier.kit.clock import Clock
from luthier.services.folders import Folders
from luthier.services.notice_delivery import NoticeDelivery
from luthier.services.notification_settings import NotificationSettingsFile
from luthier.settings import Settings
from luthier.store import Store


def delivery(store: Store, folders: Folders, settings: Settings, clock: Clock) -> NoticeDelivery:
    """Through the channels that the workspace has."""
    kept = NotificationSettingsFile(folders)
    return NoticeDelivery(store, folders, kept, clock, NoticeChannels(settings, clock).send)


class NoticeChannels:
    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._desktop = Desktop()
        self._webhook = Webhook(clock, settings.notify_origins, offline=settings.offline)
        self._mail = Mail(settings.notify_origins, offline=settings.offline)

    def send(self, notice: Notice, channel: Channel, secret: str | None) -> None:
        """Raises TargetRefused, NoticeNotDelivered, DesktopNotThere."""
        match channel:
            case DesktopChannel():
                self._desktop.send(notice, channel)
            case WebhookChannel():
                self._webhook.send(notice, channel, secret)
            case EmailChannel():
                self._mail.send(notice, channel, secret)
