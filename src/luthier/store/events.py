"""Events: appended with a number that only grows, read by watchers after the last number they saw."""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Connection, bindparam, func, insert, select, update

from luthier.domain.events import Event, Told
from luthier.store.tables import events
from luthier.store.writing import count_on

_ADDED = insert(events)  # built once: what a statement is made of is costly to look through
_NUMBERED = _ADDED.returning(events.c.seq)


class Events:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.appended: list[Event] = []  # in this transaction

    def append(self, kind: str, run_id: str | None, author: str, body: dict[str, Any], at: datetime) -> int:
        """Returns the event's number."""
        seq: int = self._connection.execute(_NUMBERED, _row(kind, run_id, author, body, at)).scalar_one()
        self.appended.append(Event(seq=seq, at=at, kind=kind, run_id=run_id, author=author, body=body))
        return seq

    def append_facts(self, run_id: str, told: Sequence[Told]) -> None:
        """What a worker told, in order, many at once; its journal holds them too."""
        if told:
            self._connection.execute(_ADDED, [_row(kind, run_id, "worker", body, at) for kind, body, at in told])

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

    def put_in_order_of_time(self, above: int) -> None:
        """Numbers all of them anew, above `above`. Those of one run keep their order, whatever the clock said."""
        rows = self._connection.execute(select(events.c.seq, events.c.run_id, events.c.at).order_by(events.c.seq)).all()
        latest: dict[str | None, datetime] = {}
        keyed = []
        for seq, run_id, at in rows:
            latest[run_id] = max(latest.get(run_id, at), at)
            keyed.append((latest[run_id], seq))
        first = max(above, self.latest_seq()) + 1
        changes = [{"old": seq, "new": number} for number, (_, seq) in enumerate(sorted(keyed), start=first)]
        if changes:
            self._connection.execute(
                update(events).where(events.c.seq == bindparam("old")).values(seq=bindparam("new")), changes
            )
        count_on(self._connection, events)

    def holds(self, event: Event) -> bool:
        """Whether it happened, under whatever number."""
        same = (events.c.run_id == event.run_id, events.c.at == event.at, events.c.kind == event.kind)
        bodies = self._connection.scalars(select(events.c.body).where(*same, events.c.author == event.author))
        return any(orjson.loads(body) == event.body for body in bodies)

    def count(self) -> int:
        return self._connection.scalar(select(func.count()).select_from(events)) or 0

    def latest_seq(self) -> int:
        """0 when nothing has happened yet."""
        return self._connection.scalar(select(func.coalesce(func.max(events.c.seq), 0))) or 0


def _row(kind: str, run_id: str | None, author: str, body: dict[str, Any], at: datetime) -> dict[str, Any]:
    return {"at": at, "kind": kind, "run_id": run_id, "author": author, "body": orjson.dumps(body).decode()}
