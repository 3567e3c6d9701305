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

    tokens_per_second: float  # useful tokens: no padding counted
    losses: tuple[float, ...]  # of each step
    tokens: int  # in the measured steps
    seconds: float
    peak_bytes: int
    versions: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Bench:
    """Ready to measure, as often as wanted. Each call does the same work from the start."""

    ours: Callable[[], Measure]
    peer: Callable[[], Measure]


@dataclass(frozen=True)
class Row:
    name: str
    unit: str
    limit: float  # what the hardware of reference allows at most
    target: float  # times the peer
    loss_gate: float  # largest mean difference of the losses, step by step
    open: Callable[[int, Path], AbstractContextManager[Bench]]  # (steps, data)
    data: Path  # by default

    def facts(self) -> dict[str, Any]:
        return {"row": self.name, "unit": self.unit, "limit": self.limit, "target": self.target}
