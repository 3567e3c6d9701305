"""The queue of one workspace: which run starts next beside those at work, and what every other one waits for."""

from collections.abc import Collection
from typing import NamedTuple, Protocol

from luthier.domain.machine import Machine
from luthier.domain.queues import AtWork, Capacity, Place, Turn, Waiting, take_turns
from luthier.domain.runs import Run
from luthier.services.folders import Folders
from luthier.store import Store, Transaction

_LOOKED_AT = 200  # runs at the front of the queue; those behind them cannot start before them


class SharedMachine(Protocol):
    """What runs share; its free memory is that of this moment."""

    runs_at_once: int

    def get(self) -> Machine: ...


class NextRun(NamedTuple):
    run: Run
    gpu: int | None  # that it has for itself


class Queue:
    def __init__(self, store: Store, folders: Folders, machine: SharedMachine) -> None:
        self._store = store
        self._folders = folders
        self._machine = machine

    def places(self) -> tuple[Place, ...]:
        """Of the runs that wait, the next one first."""
        with self._store.reading() as tx:
            return self._turn(tx, ()).places

    def place_of(self, run_id: str) -> Place | None:
        return next((place for place in self.places() if place.run_id == run_id), None)

    def take(self, tx: Transaction, pausing: Collection[str]) -> NextRun | None:
        """The run whose turn it is, for the caller to claim; those that it overtakes remember it."""
        turn = self._turn(tx, pausing)
        for run_id in turn.passed:
            passed = tx.runs.get(run_id)
            if passed is not None:
                tx.runs.update(passed.model_copy(update={"overtaken": passed.overtaken + 1}))
        run = tx.runs.get(turn.starts) if turn.starts is not None else None
        return None if run is None else NextRun(run, turn.gpu)

    def _turn(self, tx: Transaction, pausing: Collection[str]) -> Turn:
        home = self._folders.workspace_id
        held = {lease.run_id for lease in tx.leases.list()}
        queued = tx.runs.queued(home, _LOOKED_AT)
        waiting = [_waiting(run) for run in queued]
        ending = {run.run_id for run in queued if run.run_id in held}  # an older worker of it has not quite ended
        at_work = [
            run for run_id in sorted(held) if (run := tx.runs.get(run_id)) is not None and run.home in (home, "")
        ]
        capacity = self._capacity(waiting, len(at_work))
        return take_turns(waiting, [_at_work(run) for run in at_work], capacity, {*pausing, *ending})

    def _capacity(self, waiting: Collection[Waiting], at_work: int) -> Capacity:
        """The machine is looked at only when that could decide something."""
        slots = self._machine.runs_at_once
        if not (any(run.on_gpu for run in waiting) or (waiting and 0 < at_work < slots)):
            return Capacity(runs_at_once=slots)
        machine = self._machine.get()
        shown = machine.gpus[:1] if any(gpu.mig for gpu in machine.gpus) else machine.gpus
        gpus = {number: float(gpu.free_bytes) for number, gpu in enumerate(shown)}
        return Capacity(
            runs_at_once=slots, cores=machine.cores, gpus=gpus, free_bytes=machine.available_bytes or float("inf")
        )


def _waiting(run: Run) -> Waiting:
    return Waiting(
        run_id=run.run_id,
        name=run.name,
        priority=run.priority,
        ticket=run.ticket,
        overtaken=run.overtaken,
        memory_bytes=run.plan.memory.high,
        cores=run.plan.cores,
        on_gpu=run.plan.device != "cpu",
    )


def _at_work(run: Run) -> AtWork:
    return AtWork(
        run_id=run.run_id,
        name=run.name,
        memory_bytes=run.plan.memory.high,
        used_bytes=float(run.rss_bytes or 0),
        cores=run.plan.cores,
        gpu=run.gpu,
    )
