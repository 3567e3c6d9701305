"""Notices by the key of what happened, their deliveries by turn, and how far the events have been read for them."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from luthier.domain.notices import Delivery, DeliveryState, Notice
from luthier.store.tables import deliveries, notices, readers
from luthier.store.writing import put

_OPEN = (DeliveryState.PENDING.value, DeliveryState.SENDING.value)


class Notices:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, home: str, notice: Notice) -> bool:
        """False when its key is there already: then nothing is changed."""
        if self._connection.scalar(select(notices.c.seq).where(notices.c.key == notice.key)) is not None:
            return False
        values = {"notice_id": notice.notice_id, "home": home, "key": notice.key, "body": notice.model_dump_json()}
        self._connection.execute(insert(notices).values(**values))
        return True

    def get(self, notice_id: str) -> Notice | None:
        body = self._connection.scalar(select(notices.c.body).where(notices.c.notice_id == notice_id))
        return None if body is None else Notice.model_validate_json(body)

    def newest(self, home: str, limit: int, before: str | None = None) -> list[Notice]:
        """Newest first; `before` is the id of the last one of the page that was seen."""
        statement = select(notices.c.body).where(notices.c.home == home)
        if before is not None:
            place = select(notices.c.seq).where(notices.c.notice_id == before).scalar_subquery()
            statement = statement.where(notices.c.seq < place)
        rows = self._connection.scalars(statement.order_by(notices.c.seq.desc()).limit(limit))
        return [Notice.model_validate_json(body) for body in rows]

    def put_delivery(self, delivery: Delivery) -> None:
        values = delivery.model_dump(mode="json", include={"notice_id", "channel_id", "state"})
        put(
            self._connection,
            deliveries,
            [{**values, "due_at": delivery.due_at, "body": delivery.model_dump_json()}],
        )

    def due(self, home: str, now: datetime, limit: int) -> list[Delivery]:
        """Whose turn it is, and those that were begun so long ago that their sender must have died; oldest first."""
        chosen = (deliveries.c.state.in_(_OPEN), deliveries.c.due_at <= now, notices.c.home == home)
        statement = select(deliveries.c.body).join(notices, notices.c.notice_id == deliveries.c.notice_id)
        rows = self._connection.scalars(statement.where(*chosen).order_by(notices.c.seq).limit(limit))
        return [Delivery.model_validate_json(body) for body in rows]

    def deliveries_of(self, notice_ids: Collection[str]) -> list[Delivery]:
        rows = self._connection.scalars(select(deliveries.c.body).where(deliveries.c.notice_id.in_(notice_ids)))
        return [Delivery.model_validate_json(body) for body in rows]

    def drop_open_deliveries(self, channel_id: str) -> None:
        """Of a channel that is removed; what was sent stays in the history."""
        chosen = (deliveries.c.channel_id == channel_id, deliveries.c.state.in_(_OPEN))
        self._connection.execute(delete(deliveries).where(*chosen))

    def read_to(self, reader: str) -> int:
        """0 for one that has not read yet."""
        return self._connection.scalar(select(readers.c.seq).where(readers.c.name == reader)) or 0

    def has_read(self, reader: str, seq: int) -> None:
        put(self._connection, readers, [{"name": reader, "seq": seq}])
