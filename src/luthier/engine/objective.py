"""What a step minimises and a measurement reports: the place where methods differ."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from luthier.domain.findings import Finding
from luthier.domain.jobs import HeldOutLoss
from luthier.domain.preflight import CheckRun
from luthier.engine.channel import Channel


@dataclass(frozen=True)
class Gathered:
    """Of one step. `loss` is the mean whose gradient was gathered."""

    loss: float
    tokens: int
    supervised: int
    figures: dict[str, float] = field(default_factory=dict)


class Objective(ABC):
    mean_over: Literal["tokens", "examples"] = "examples"  # what `gather` takes its mean over

    @abstractmethod
    def begin(self, pass_tokens: int, channel: Channel) -> None:
        """Before the first step of an attempt. Raises Interrupted when somebody wishes so."""

    def rehearse(self, channel: Channel) -> tuple[Sequence[CheckRun], Sequence[Finding]]:
        """What preflight finds by trying the method out. Raises Interrupted when somebody wishes so."""
        return (), ()

    def draw(self, indices: Sequence[int], channel: Channel) -> None:
        """Before these are gathered, where the model answers as it would in use: what the method has to ask it.

        Raises Interrupted when somebody wishes so.
        """
        return

    @abstractmethod
    def gather(self, indices: Sequence[int], pass_tokens: int, channel: Channel) -> Gathered:
        """The mean loss over these training examples, and its gradient, however they are cut into passes.

        A pass holds at most `pass_tokens`, unless a single example is longer.

        Called where the model computes packed rows in the run's precision.
        """

    @abstractmethod
    def held_out(self, step: int, pass_tokens: int, channel: Channel) -> HeldOutLoss | None:
        """None when nothing is held out. Raises Interrupted between two passes, and LossNotFinite."""


class PairObjective(Objective):
    """Learns which of two answers is better, and can be asked."""

    @abstractmethod
    def leanings(self, channel: Channel) -> dict[int, float]:
        """Row of a held-out pair -> by how much its chosen answer is ahead of the rejected one; above 0 is right."""
