"""What happened, to what, by whom and why: the history that pages and watchers follow."""

from datetime import datetime
from typing import Any, NamedTuple

from luthier.kit.frozen import Frozen


class Event(Frozen):
    """`seq` grows without gaps being meaningful; a watcher that was away asks for all after the last it saw."""

    seq: int
    at: datetime
    kind: str  # e.g. "run.state", "run.step"; docs/reference/events.md has them all
    run_id: str | None
    author: str  # "user", "supervisor", "worker"
    body: dict[str, Any]


class Told(NamedTuple):
    """What a worker says has happened, before it has a number."""

    kind: str
    body: dict[str, Any]
    at: datetime
