"""Events: appended with a number that only grows, read by watchers after the last number they saw."""

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Connection, func, insert, select

from luthier.domain.events import Event
from luthier.store.tables import events


class Events:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def append(self, kind: str, run_id: str | None, author: str, body: dict[str, Any], at: datetime) -> int:
        """Returns the event's number."""
        values = {"at": at, "kind": kind, "run_id": run_id, "author": author, "body": orjson.dumps(body).decode()}
        seq: int = self._connection.execute(insert(events).values(**values).returning(events.c.seq)).scalar_one()
        return seq

    def after(
        self, seq: int, run_id: str | None = None, limit: int = 500, kinds: Collection[str] | None = None
    ) -> list[Event]:
        """In order; at most `limit`, so that who was away for long reads in pages."""
        statement = select(events).where(events.c.seq > seq)
        if run_id is not None:
            statement = statement.where(events.c.run_id == run_id)
        if kinds is not None:
            statement = statement.where(events.c.kind.in_(kinds))
        rows = self._connection.execute(statement.order_by(events.c.seq).limit(limit)).mappings()
        return [Event.model_validate({**row, "body": orjson.loads(row["body"])}) for row in rows]

    def newest(self, run_id: str, kinds: Collection[str], limit: int) -> list[Event]:
        """Of one run, in order; the last `limit` of them."""
        chosen = select(events).where(events.c.run_id == run_id, events.c.kind.in_(kinds))
        rows = self._connection.execute(chosen.order_by(events.c.seq.desc()).limit(limit)).mappings().all()
        return [Event.model_validate({**row, "body": orjson.loads(row["body"])}) for row in reversed(rows)]

    def all_of(self, run_id: str, kinds: Collection[str]) -> Iterator[Event]:
        """Of one run, in order, a page at a time."""
        seq = 0
        while page := self.after(seq, run_id, kinds=kinds):
            yield from page
            seq = page[-1].seq

    def latest_seq(self) -> int:
        """0 when nothing has happened yet."""
        return self._connection.scalar(select(func.coalesce(func.max(events.c.seq), 0))) or 0
