"""The queue of one workspace: which run starts next beside those at work, and what every other one waits for."""

from collections.abc import Callable, Collection

from luthier.domain.queues import AtWork, Capacity, Place, Turn, Waiting, take_turns
from luthier.domain.runs import Run
from luthier.services.folders import Folders
from luthier.store import Store, Transaction

_LOOKED_AT = 200  # runs at the front of the queue; those behind them cannot start before them


class Queue:
    """`free_bytes` measures the memory that nobody uses at this moment."""

    def __init__(self, store: Store, folders: Folders, free_bytes: Callable[[], float], runs_at_once: int) -> None:
        self._store = store
        self._folders = folders
        self._free_bytes = free_bytes
        self._runs_at_once = runs_at_once

    def places(self) -> tuple[Place, ...]:
        """Of the runs that wait, the next one first."""
        with self._store.reading() as tx:
            return self._turn(tx, ()).places

    def place_of(self, run_id: str) -> Place | None:
        return next((place for place in self.places() if place.run_id == run_id), None)

    def take(self, tx: Transaction, pausing: Collection[str]) -> Run | None:
        """The run whose turn it is, for the caller to claim; those that it overtakes remember it."""
        turn = self._turn(tx, pausing)
        for run_id in turn.passed:
            passed = tx.runs.get(run_id)
            if passed is not None:
                tx.runs.update(passed.model_copy(update={"overtaken": passed.overtaken + 1}))
        return tx.runs.get(turn.starts) if turn.starts is not None else None

    def _turn(self, tx: Transaction, pausing: Collection[str]) -> Turn:
        home = self._folders.workspace_id
        held = {lease.run_id for lease in tx.leases.list()}
        queued = tx.runs.queued(home, _LOOKED_AT)
        waiting = [_waiting(run) for run in queued]
        ending = {run.run_id for run in queued if run.run_id in held}  # an older worker of it has not quite ended
        at_work = [
            run for run_id in sorted(held) if (run := tx.runs.get(run_id)) is not None and run.home in (home, "")
        ]
        matters = bool(waiting) and 0 < len(at_work) < self._runs_at_once
        free = self._free_bytes() if matters else float("inf")
        capacity = Capacity(runs_at_once=self._runs_at_once, free_bytes=free)
        return take_turns(waiting, [_at_work(run) for run in at_work], capacity, {*pausing, *ending})


def _waiting(run: Run) -> Waiting:
    return Waiting(
        run_id=run.run_id,
        name=run.name,
        priority=run.priority,
        ticket=run.ticket,
        overtaken=run.overtaken,
        memory_bytes=run.plan.memory.high,
    )


def _at_work(run: Run) -> AtWork:
    return AtWork(
        run_id=run.run_id, name=run.name, memory_bytes=run.plan.memory.high, used_bytes=float(run.rss_bytes or 0)
    )
