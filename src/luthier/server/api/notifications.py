"""Notices over HTTP: where they go, a test, quiet hours, and what became of each."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field
from pydantic.json_schema import SkipJsonSchema

from luthier.domain.notices import NoticeKind, NoticeRecord, Urgency
from luthier.domain.notifications import Channel, NotificationSettings
from luthier.server.api.access import PROBLEMS, OpenWorkspace, Reference
from luthier.server.api.paging import Cursor, Limit, Page

router = APIRouter(prefix="/notifications", tags=["notifications"], responses=PROBLEMS)


class ChannelView(BaseModel):
    channel_id: str
    name: str
    kind: Literal["desktop", "webhook", "email"]
    target: str = Field(description="where it leads, without what may be a secret")
    least: Urgency
    kinds: list[NoticeKind] = Field(description="empty: every kind")

    @classmethod
    def of(cls, channel: Channel) -> "ChannelView":
        own = cls.model_fields.keys() - {"kinds"}
        return cls(**{name: getattr(channel, name) for name in own}, kinds=list(channel.kinds))


class ChannelAdded(ChannelView):
    secret: str | None = Field(description="with which a webhook is signed; it is shown this once")


class QuietHoursView(BaseModel):
    begin: str | None = Field(description="e.g. 22:00, in the machine's own time; null for both ends them")
    end: str | None


class NotificationsView(BaseModel):
    channels: list[ChannelView]
    quiet_hours: QuietHoursView

    @classmethod
    def of(cls, settings: NotificationSettings) -> "NotificationsView":
        quiet = settings.quiet_hours
        hours = QuietHoursView(begin=quiet and f"{quiet.begin:%H:%M}", end=quiet and f"{quiet.end:%H:%M}")
        return cls(channels=[ChannelView.of(channel) for channel in settings.channels], quiet_hours=hours)


class NewChannel(BaseModel, extra="forbid"):
    """`url` belongs to a webhook; `host`, `sender`, `to` and what follows them to e-mail; `sound` to the desktop."""

    name: str
    kind: Literal["desktop", "webhook", "email"]
    least: Urgency = Field(Urgency.LOW, description="what is less urgent is not sent")
    kinds: list[NoticeKind] = Field([], description="empty: every kind")
    sound: bool | SkipJsonSchema[None] = None
    url: str | SkipJsonSchema[None] = None
    host: str | SkipJsonSchema[None] = None
    port: int | SkipJsonSchema[None] = None
    security: Literal["starttls", "tls", "none"] | SkipJsonSchema[None] = None
    username: str | SkipJsonSchema[None] = None
    password: str | SkipJsonSchema[None] = Field(None, description="never shown again")
    sender: str | SkipJsonSchema[None] = None
    to: Annotated[list[str], Field(max_length=20)] | SkipJsonSchema[None] = None

    def values(self) -> dict[str, Any]:
        return self.model_dump(exclude_none=True, exclude={"password"})


@router.get("")
def get_notifications(workspace: OpenWorkspace) -> NotificationsView:
    return NotificationsView.of(workspace.notifications.settings())


@router.post("/channels", status_code=201)
def add_channel(workspace: OpenWorkspace, channel: NewChannel, response: Response) -> ChannelAdded:
    added = workspace.notifications.add(channel.values(), channel.password)
    response.headers["location"] = f"/api/v1/notifications/channels/{added.channel.channel_id}"
    return ChannelAdded(**ChannelView.of(added.channel).model_dump(), secret=added.secret)


@router.delete("/channels/{reference}", status_code=204)
def remove_channel(workspace: OpenWorkspace, reference: Reference) -> None:
    """What it has not sent yet is dropped."""
    workspace.notifications.remove(reference)


@router.post("/channels/{reference}/test")
def test_channel(workspace: OpenWorkspace, reference: Reference) -> ChannelView:
    """Sends a notice now, and answers when it was taken."""
    return ChannelView.of(workspace.notifications.test(reference))


@router.put("/quiet-hours")
def set_quiet_hours(workspace: OpenWorkspace, hours: QuietHoursView) -> NotificationsView:
    """What is not urgent waits until they end."""
    return NotificationsView.of(workspace.notifications.set_quiet_hours(hours.begin, hours.end))


@router.get("/history")
def list_notices(workspace: OpenWorkspace, limit: Limit = 50, cursor: Cursor = None) -> Page[NoticeRecord]:
    """The newest first, each with its way through the channels."""
    found = workspace.notifications.history(limit=limit + 1, before=cursor)
    shown = found[:limit]
    return Page(items=shown, next=shown[-1].notice.notice_id if len(found) > limit else None)
