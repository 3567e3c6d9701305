"""Whose turn it is: one order by priority and arrival in which nobody waits for ever, and what each one waits for.

What runs at work share are slots, memory, cores, and GPUs, of which each run has one for itself.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from luthier.kit.frozen import Frozen


class Priority(StrEnum):
    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"


RANKS = {Priority.LOW: 0, Priority.NORMAL: 1, Priority.HIGH: 2}
OVERTAKINGS = 8  # of one run, after which it counts as one priority higher, and nobody passes it for its size any more


class Waiting(Frozen):
    """A queued run as the queue sees it."""

    run_id: str
    name: str
    priority: Priority = Priority.NORMAL
    ticket: int = 0  # given when it queued; a lower one came first
    overtaken: int = 0  # how often one with a later ticket, or from behind, was started first
    memory_bytes: float = 0  # that its plan expects at the peak
    cores: int = 0  # that its plan computes on
    on_gpu: bool = False  # its memory is the GPU's then, and its cores are hardly used


class AtWork(Frozen):
    run_id: str
    name: str
    memory_bytes: float = 0  # that its plan expects at the peak
    used_bytes: float = 0  # of it, so far
    cores: int = 0
    gpu: int | None = None  # its number among those that this process may use, from 0


class Capacity(Frozen):
    """What there is to share; what a machine does not tell is not counted."""

    runs_at_once: int = 1
    cores: int = 0
    gpus: dict[int, float] = {}  # bytes that are free on each, by its number
    free_bytes: float = float("inf")  # measured, with what runs at work have taken already gone


Reason = Literal["next", "slots", "memory", "cores", "gpu", "patience", "pause"]


class Place(Frozen):
    """Where a queued run stands and why it has not started."""

    run_id: str
    position: int  # 1 is the front
    reason: Reason
    sentence: str


@dataclass(frozen=True)
class Turn:
    """`starts` is the run to start now, on GPU number `gpu`; those of `passed` are overtaken by it."""

    places: tuple[Place, ...]
    starts: str | None = None
    gpu: int | None = None
    passed: tuple[str, ...] = ()


def rank_of(priority: Priority, overtaken: int) -> int:
    return RANKS[priority] + overtaken // OVERTAKINGS


def in_order(waiting: Collection[Waiting]) -> list[Waiting]:
    return sorted(waiting, key=lambda run: (-rank_of(run.priority, run.overtaken), run.ticket))


def take_turns(
    waiting: Collection[Waiting], at_work: Sequence[AtWork], capacity: Capacity, pausing: Collection[str] = ()
) -> Turn:
    """`pausing` are those that wait a moment before their next attempt; they keep the slot that they had."""
    order = in_order(waiting)
    reasons = _reasons(order, at_work, capacity, pausing)
    starts = next((run for run, reason in zip(order, reasons, strict=True) if reason == "next"), None)
    places = tuple(
        Place(run_id=run.run_id, position=number, reason=reason, sentence=_sentence(reason, run, at_work, capacity))
        for number, (run, reason) in enumerate(zip(order, reasons, strict=True), 1)
    )
    if starts is None:
        return Turn(places)
    ahead = order[: order.index(starts)]
    passed = [run for run in order if run is not starts and (run in ahead or run.ticket < starts.ticket)]
    gpu = _free_gpu(starts, at_work, capacity) if starts.on_gpu else None
    return Turn(places, starts.run_id, gpu, tuple(run.run_id for run in passed if run.run_id not in pausing))


def _reasons(
    order: Sequence[Waiting], at_work: Sequence[AtWork], capacity: Capacity, pausing: Collection[str]
) -> list[Reason]:
    reasons: list[Reason] = []
    taken = {run.run_id for run in at_work} | {run.run_id for run in order if run.run_id in pausing}
    closed: Reason | None = "slots" if len(taken) >= capacity.runs_at_once else None
    for run in order:
        if run.run_id in pausing:
            reasons.append("pause")
        elif closed is not None:
            reasons.append(closed)
        elif (lack := _lack(run, at_work, capacity)) is not None:
            reasons.append(lack)
            if run.overtaken >= OVERTAKINGS:
                closed = "patience"
        else:
            reasons.append("next")
            closed = "slots"
    return reasons


def _lack(run: Waiting, at_work: Sequence[AtWork], capacity: Capacity) -> Reason | None:
    """Of what it does not get beside those at work. Alone it starts: its plan was accepted for the whole machine."""
    if not at_work:
        return None
    if run.on_gpu:
        return "gpu" if _free_gpu(run, at_work, capacity) is None else None
    if run.memory_bytes > _spare_bytes(at_work, capacity):
        return "memory"
    return "cores" if capacity.cores and run.cores > _spare_cores(at_work, capacity) else None


def _free_gpu(run: Waiting, at_work: Sequence[AtWork], capacity: Capacity) -> int | None:
    """The one with the most room, for which its plan was made; beside others a smaller one only if it is enough."""
    taken = {other.gpu for other in at_work}
    free = {number: size for number, size in capacity.gpus.items() if number not in taken}
    roomiest = max(free, key=lambda number: free[number], default=None)
    return None if roomiest is None or (at_work and free[roomiest] < run.memory_bytes) else roomiest


def _spare_cores(at_work: Sequence[AtWork], capacity: Capacity) -> int:
    return max(0, capacity.cores - sum(run.cores for run in at_work if run.gpu is None))


def _spare_bytes(at_work: Sequence[AtWork], capacity: Capacity) -> float:
    """What is free, less what those at work are still expected to take."""
    expected = (max(0.0, run.memory_bytes - run.used_bytes) for run in at_work if run.gpu is None)
    return capacity.free_bytes - sum(expected)


def _sentence(reason: Reason, run: Waiting, at_work: Sequence[AtWork], capacity: Capacity) -> str:
    names = ", ".join(each.name for each in at_work)
    match reason:
        case "next":
            return "It starts next."
        case "slots":
            return f"It waits for its turn; {names} is at work." if len(at_work) == 1 else _crowd(names)
        case "memory":
            spare = max(0.0, _spare_bytes(at_work, capacity))
            return (
                f"It needs {run.memory_bytes / 1e9:.1f} GB of memory, and {spare / 1e9:.1f} GB are free beside {names}."
            )
        case "cores":
            spare_cores = _spare_cores(at_work, capacity)
            return f"Its plan computes on {run.cores} cores, and {spare_cores} are free beside {names}."
        case "gpu":
            return (
                f"It waits for a GPU; {names} is at work."
                if len(at_work) == 1
                else f"It waits for a GPU; {names} are at work."
            )
        case "patience":
            return "It waits for a larger run before it that has been passed often enough."
        case "pause":
            return "It waits a moment before it tries again, because its worker was lost."


def _crowd(names: str) -> str:
    return f"It waits for its turn; {names} are at work." if names else "It waits for those before it."
