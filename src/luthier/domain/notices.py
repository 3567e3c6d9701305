"""Notices: what a person should hear of although they are not looking, each exactly once."""

from datetime import datetime
from enum import StrEnum
from typing import Literal

from luthier.kit.frozen import Frozen

NoticeKind = Literal["milestone", "completed", "failed", "parked", "anomaly", "cost_limit", "quality_drop", "test"]


class Urgency(StrEnum):
    LOW = "low"  # nice to know
    NORMAL = "normal"  # worth a look soon
    URGENT = "urgent"  # work stands still, or is at risk; quiet hours do not hold it back

    @property
    def rank(self) -> int:
        return tuple(Urgency).index(self)


class Notice(Frozen):
    """`key` names what happened, so that hearing of it again makes no second notice."""

    notice_id: str
    key: str
    at: datetime
    kind: NoticeKind
    urgency: Urgency
    title: str
    sentence: str
    run_id: str | None = None  # None for a test
    run_name: str = ""


class DeliveryState(StrEnum):
    PENDING = "pending"
    SENDING = "sending"  # begun; after a crash it is done again, under the same id
    SENT = "sent"
    FAILED = "failed"
    EXPIRED = "expired"  # it could not be sent while it was still news


class Delivery(Frozen):
    """One notice on its way through one channel."""

    notice_id: str
    channel_id: str
    state: DeliveryState = DeliveryState.PENDING
    attempts: int = 0
    due_at: datetime  # not before; while it is being sent, when it counts as broken off
    ended_at: datetime | None = None
    problem: str = ""  # why the last attempt failed


class NoticeRecord(Frozen):
    """A notice with what became of it."""

    notice: Notice
    deliveries: tuple[Delivery, ...]
