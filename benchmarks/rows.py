"""What one row of the benchmark table is: two sides that do the same work, and what to reach."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


class NotMeasurable(Exception):
    """Something that the row needs is not here, or the machine is not quiet; the sentence says what to do."""


@dataclass(frozen=True)
class Measure:
    """One side, once."""

    per_second: float  # of the row's unit
    amount: float  # of the row's unit, in the measured part
    seconds: float
    peak_bytes: int
    outcome: tuple[float, ...]  # by which one sees that both sides did the same work, e.g. the loss of each step
    versions: dict[str, str] = field(default_factory=dict)
    details: dict[str, float] = field(default_factory=dict)  # further figures, named with their unit


@dataclass(frozen=True)
class Bench:
    """Ready to measure, as often as wanted. Each call does the same work from the start."""

    ours: Callable[[], Measure]
    peer: Callable[[], Measure]


@dataclass(frozen=True)
class Row:
    name: str
    unit: str  # of what is done per second
    target: float  # times the peer
    gate: float  # largest mean difference of the outcomes
    size: int  # of the work; steps or rows, as the row likes
    smoke_size: int
    open: Callable[[int, Path], AbstractContextManager[Bench]]  # (size, data)
    data: Path = Path()  # by default; empty when the row makes its own
    limit: float | None = None  # what the hardware of reference allows at most
    needs_gpu: bool = False  # measured only when it is named

    def facts(self) -> dict[str, Any]:
        limit = {} if self.limit is None else {"limit": self.limit}
        return {"row": self.name, "unit": self.unit, **limit, "target": self.target}
