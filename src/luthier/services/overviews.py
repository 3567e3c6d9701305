"""Puts the whole workspace before one pair of eyes: cheap enough to be asked for every second."""

import threading
from datetime import datetime, timedelta

from luthier.domain.overviews import Need, Overview, Spent, Waiting
from luthier.domain.run_states import ACTIVE, ENDED, RunState
from luthier.domain.runs import Run
from luthier.domain.spending import finished_since, spending_of
from luthier.kit.clock import Clock
from luthier.planning.occupancy import measure_load
from luthier.services.folders import Folders
from luthier.services.queue import Queue
from luthier.store import Store, Transaction

RECENT = 6
_MOST_AT_WORK = 50
_NEEDS = 5
_NEEDED_FOR = timedelta(days=7)  # a failure that nobody took up for a week is no news
_MONTH = timedelta(days=30)


class Overviews:
    """Thread-safe."""

    def __init__(self, store: Store, queue: Queue, folders: Folders, clock: Clock) -> None:
        self._store = store
        self._queue = queue
        self._folders = folders
        self._clock = clock
        self._lock = threading.Lock()
        self._read_to = -1  # every event up to this number is in `_ended`
        self._ended: list[Run] = []

    def now(self) -> Overview:
        at = self._clock.now()
        places = {place.run_id: place for place in self._queue.places()}
        with self._store.reading() as tx:
            open_runs = tx.runs.list(_MOST_AT_WORK, ACTIVE | {RunState.QUEUED})
            waiting = [Waiting(run=run, place=places.get(run.run_id)) for run in open_runs if _waits(run)]
            return Overview(
                at=at,
                at_work=tuple(run for run in open_runs if not _waits(run)),
                waiting=tuple(sorted(waiting, key=lambda each: each.place.position if each.place else _MOST_AT_WORK)),
                needs=_needs(tx, at),
                machine=measure_load(self._folders.root),
                spent=self._spent(tx, at),
                recent=tuple(tx.runs.list(RECENT)),
                versions=tuple(tx.versions.list()[:RECENT]),
                notices=tuple(tx.notices.newest(self._folders.workspace_id, RECENT)),
            )

    def _spent(self, tx: Transaction, at: datetime) -> Spent:
        ended = self._ended_runs(tx)
        midnight = at.astimezone().replace(hour=0, minute=0, second=0, microsecond=0)
        return Spent(
            today=spending_of(finished_since(ended, midnight)),
            month=spending_of(finished_since(ended, at - _MONTH)),
            ever=spending_of(ended),
        )

    def _ended_runs(self, tx: Transaction) -> list[Run]:
        """Read anew only when a run has changed its state, because there may be thousands of them."""
        with self._lock:
            if self._read_to < 0 or tx.events.after(self._read_to, limit=1, kinds={"run.state"}):
                self._read_to = tx.events.latest_seq()
                self._ended = [run for run in tx.runs.all() if run.state in ENDED]
            return self._ended


def _waits(run: Run) -> bool:
    return run.state is RunState.QUEUED


def _needs(tx: Transaction, at: datetime) -> tuple[Need, ...]:
    stopped = tx.runs.list(_NEEDS * 4, {RunState.FAILED, RunState.PAUSED})
    needing = [run for run in stopped if run.problem or run.anomaly]
    recent = [run for run in needing if at - run.updated_at < _NEEDED_FOR]
    return tuple(_need(tx, run) for run in recent[:_NEEDS])


def _need(tx: Transaction, run: Run) -> Need:
    if run.problem:
        sentence = run.problem.sentence
    else:
        alerts = tx.events.newest(run.run_id, {"run.alert"}, 1)
        sentence = str(alerts[-1].body["sentence"]) if alerts else "It rests until somebody chooses what to do."
    return Need(run_id=run.run_id, name=run.name, state=run.state.value, sentence=sentence, since=run.updated_at)
