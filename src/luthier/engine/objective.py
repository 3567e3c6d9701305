"""What a step minimises and a measurement reports: the place where methods differ."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field

from luthier.domain.jobs import HeldOutLoss
from luthier.engine.channel import Channel


@dataclass(frozen=True)
class Gathered:
    """Of one step. `loss` is the mean whose gradient was gathered."""

    loss: float
    tokens: int
    supervised: int
    figures: dict[str, float] = field(default_factory=dict)


class Objective(ABC):
    @abstractmethod
    def begin(self, pass_tokens: int, channel: Channel) -> None:
        """Before the first step of an attempt. Raises Interrupted when somebody wishes so."""

    @abstractmethod
    def gather(self, indices: Sequence[int], pass_tokens: int, channel: Channel) -> Gathered:
        """The mean loss over these training examples, and its gradient, however they are cut into passes.

        A pass holds at most `pass_tokens`, unless a single example is longer.

        Called where the model computes packed rows in the run's precision.
        """

    @abstractmethod
    def held_out(self, step: int, pass_tokens: int, channel: Channel) -> HeldOutLoss | None:
        """None when nothing is held out. Raises Interrupted between two passes, and LossNotFinite."""
