"""Channels, quiet hours and the history of notices."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from luthier.cli.render.moments import local_time
from luthier.cli.render.tables import table
from luthier.cli.render.text import one_line, plain, soft
from luthier.domain.notices import Delivery, DeliveryState, NoticeRecord, Urgency
from luthier.domain.notifications import Channel, NotificationSettings

_STYLES = {Urgency.URGENT: "bad", Urgency.NORMAL: "warn", Urgency.LOW: ""}


def settings_document(settings: NotificationSettings) -> dict[str, Any]:
    hours = settings.quiet_hours
    return {
        "channels": [channel_document(channel) for channel in settings.channels],
        "quiet_hours": {"begin": f"{hours.begin:%H:%M}", "end": f"{hours.end:%H:%M}"} if hours else None,
    }


def channel_document(channel: Channel) -> dict[str, Any]:
    """Without what may be a secret: an address shows its origin only."""
    shown = channel.model_dump(mode="json", include={"channel_id", "name", "kind", "least", "kinds"})
    return {**shown, "target": channel.target}


def channels_table(settings: NotificationSettings) -> Iterable[RenderableType]:
    if not settings.channels:
        yield Text("No channels yet: nobody is told. Add one:")
        yield plain("  luthier notify add desk desktop", "command")
    else:
        rows = [
            (each.name, each.kind, each.target, f"{each.least.value} and up", ", ".join(each.kinds) or "all")
            for each in settings.channels
        ]
        yield table(("Name", "Kind", "Leads to", "Urgency", "Kinds"), rows)
    if settings.quiet_hours:
        yield soft(f"Quiet from {settings.quiet_hours.begin:%H:%M} to {settings.quiet_hours.end:%H:%M}.")


def history_table(records: Sequence[NoticeRecord], names: Mapping[str, str]) -> Iterable[RenderableType]:
    if not records:
        yield Text("Nothing to tell yet. Notices are made while runs go on.")
        return
    for record in records:
        notice = record.notice
        ways = "; ".join(_way(each, names) for each in record.deliveries)
        yield Text.assemble(
            (f"{local_time(notice.at)}  ", "soft"), (one_line(notice.title), _STYLES[notice.urgency] or "head")
        )
        yield plain(f"  {notice.sentence}")
        if ways:
            yield soft(f"  {ways}")


def _way(delivery: Delivery, names: Mapping[str, str]) -> str:
    name = names.get(delivery.channel_id, "a removed channel")
    if delivery.state is DeliveryState.SENT and delivery.ended_at:
        return f"sent by {name} at {local_time(delivery.ended_at)}"
    if delivery.state in (DeliveryState.FAILED, DeliveryState.EXPIRED):
        return f"not sent by {name}: {delivery.problem}"
    return f"waits for {name} until {local_time(delivery.due_at)}" + (
        f" ({delivery.problem})" if delivery.problem else ""
    )
