"""Where notices go: channels, quiet hours, and what can be wrong with either."""

import re
from datetime import datetime, time, timedelta
from email.utils import parseaddr
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, TypeAdapter, field_validator, model_validator

from luthier.domain.errors import AccessDenied, Action, MissingPart, NotFound, Unreachable, WrongUsage
from luthier.domain.notices import Notice, NoticeKind, Urgency
from luthier.kit.frozen import Frozen

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,59}")
_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.:_-]{0,251}[A-Za-z0-9])?")


class _Channel(Frozen):
    channel_id: str
    name: str
    least: Urgency = Urgency.LOW  # notices below it are not sent
    kinds: tuple[NoticeKind, ...] = ()  # empty: every kind

    @field_validator("name")
    @classmethod
    def _is_a_name(cls, value: str) -> str:
        if not _NAME.fullmatch(value):
            raise ValueError("a name has up to 60 letters, digits, spaces, dots or dashes")
        return value

    def wants(self, notice: Notice) -> bool:
        return notice.urgency.rank >= self.least.rank and (not self.kinds or notice.kind in self.kinds)


class DesktopChannel(_Channel):
    """The notification centre of the machine that the server or the supervisor runs on."""

    kind: Literal["desktop"] = "desktop"
    sound: bool = False

    @property
    def target(self) -> str:
        return "this machine, with a sound" if self.sound else "this machine"


class WebhookChannel(_Channel):
    kind: Literal["webhook"] = "webhook"
    url: str

    @field_validator("url")
    @classmethod
    def _is_an_address(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.fragment:
            raise ValueError("it begins with https:// or http://, names a host, and carries no user or fragment")
        return value

    @property
    def target(self) -> str:
        """Scheme, host and port: what may be shown, because the rest of such an address is often a secret."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}"


class EmailChannel(_Channel):
    kind: Literal["email"] = "email"
    host: str
    port: Annotated[int, Field(ge=1, le=65535)] = 587
    security: Literal["starttls", "tls", "none"] = "starttls"
    username: str = ""  # empty: the server wants no sign-in
    sender: str
    to: Annotated[tuple[str, ...], Field(min_length=1, max_length=20)]

    @property
    def target(self) -> str:
        return f"{', '.join(self.to)} by {self.host}:{self.port}"

    @model_validator(mode="after")
    def _password_is_protected(self) -> "EmailChannel":
        if self.username and self.security == "none":
            raise ValueError("a password would travel unprotected; take starttls or tls for the security")
        return self

    @field_validator("host")
    @classmethod
    def _is_a_host(cls, value: str) -> str:
        if not _HOST.fullmatch(value):
            raise ValueError("it is a name or an address, without https:// and without a path")
        return value

    @field_validator("sender")
    @classmethod
    def _is_a_mailbox(cls, value: str) -> str:
        return _mailbox(value)

    @field_validator("to")
    @classmethod
    def _are_mailboxes(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(_mailbox(each) for each in value)


def _mailbox(value: str) -> str:
    address = parseaddr(value)[1]
    if "\n" in value or "\r" in value or address.count("@") != 1 or not all(address.split("@")):
        raise ValueError(f"{value!r} is no e-mail address")
    return value


Channel = Annotated[DesktopChannel | WebhookChannel | EmailChannel, Field(discriminator="kind")]
CHANNEL: TypeAdapter[Channel] = TypeAdapter(Channel)


def channel_values(target: str) -> dict[str, Any]:
    """What one word says of a channel: `desktop`, a web address, or e-mail addresses with commas between them."""
    if target == "desktop":
        return {"kind": "desktop"}
    if "://" in target:
        return {"kind": "webhook", "url": target}
    to = tuple(address.strip() for address in target.split(","))
    return {"kind": "email", "to": to, "sender": to[0]}


class QuietHours(Frozen):
    """In the machine's own time; `end` may lie before `begin`, on the next day. What is not urgent waits for it."""

    begin: time
    end: time

    def until(self, moment: datetime) -> datetime | None:
        """When they end, if `moment` lies within them."""
        local = moment.astimezone()
        now = local.time().replace(tzinfo=None)
        within = self.begin <= now < self.end if self.begin <= self.end else now >= self.begin or now < self.end
        if not within:
            return None
        day = local.date() + timedelta(days=int(now >= self.end))
        return datetime.combine(day, self.end).astimezone()


class NotificationSettings(Frozen):
    channels: tuple[Channel, ...] = ()
    quiet_hours: QuietHours | None = None


class ChannelNotFound(NotFound):
    code = "notifications.channel_not_found"
    sentence = "No channel for notices is called {name}."
    actions = (Action(label="See all channels", command="luthier notify list"),)


class ChannelNameTaken(WrongUsage):
    code = "notifications.name_taken"
    sentence = "There is already a channel called {name}."
    actions = (
        Action(label="Choose another name"),
        Action(label="Or remove the old one first", command="luthier notify remove {name}"),
    )


class ChannelInvalid(WrongUsage):
    code = "notifications.channel_invalid"
    sentence = "The channel is not valid at {where}: {reason}."
    actions = (Action(label="See what each kind of channel needs", command="luthier notify add --help"),)


class QuietHoursInvalid(WrongUsage):
    code = "notifications.quiet_hours_invalid"
    sentence = "Quiet hours are two different times such as 22:00 and 07:00; {value} is none."
    actions = (Action(label="Set them", command="luthier notify quiet 22:00 07:00"),)


class NotificationSettingsDamaged(WrongUsage):
    code = "notifications.settings_damaged"
    sentence = "The settings of notices in {path} cannot be read: {reason}."
    actions = (
        Action(
            label="Mend the file, or move it away and add the channels again", command="luthier notify add NAME TARGET"
        ),
    )


class TargetRefused(AccessDenied):
    """Before anything is sent."""

    code = "notifications.target_refused"
    sentence = "Nothing is sent to {target}, because {reason}."
    actions = (
        Action(
            label="When it is yours and you want it, allow that place before you start Luthier",
            command="LUTHIER_NOTIFY_ORIGINS='[\"{target}\"]' luthier serve",
        ),
        Action(label="Or use an address that can be reached from everywhere"),
    )


class DesktopNotThere(MissingPart):
    code = "notifications.desktop_not_there"
    sentence = "This machine cannot show desktop notices: {reason}."
    actions = (
        Action(label="On Linux, install notify-send", command="apt install libnotify-bin"),
        Action(label="Or let the open page show them: the button is on the page Notifications"),
        Action(label="Or have them sent by webhook or e-mail", command="luthier notify add --help"),
    )


class NoticeNotDelivered(Unreachable):
    code = "notifications.not_delivered"
    sentence = "The notice was not taken by {target}: {reason}."
    actions = (
        Action(label="Check the address, the port and the password of the channel", command="luthier notify list"),
        Action(label="Try again", command="luthier notify test NAME"),
    )
