"""Data parallelism: processes that divide each step's examples, and add up what one process would have computed.

The first process leads: it alone has the optimiser, the checkpoints and the channel. The others hold nothing that
would be missed, so a run may go on with more of them or fewer, and whoever loses one begins again from a checkpoint.
"""

import os
from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import timedelta

import psutil
import torch.distributed as dist
from torch import Tensor

from luthier.domain.recipes import TrainingSettings
from luthier.engine.learner import Learner
from luthier.engine.objective import Gathered

_PATIENCE = timedelta(days=365)  # of a collective: the supervisor's watchdog decides what takes too long


class Group(ABC):
    """Computes a step's loss and gradient, however many processes it takes."""

    leaves_whole = True  # whether the model can be used after the last step as it is

    def __init__(self) -> None:
        self.others_peak_bytes = 0  # of memory, by the processes beside this one

    @abstractmethod
    def meet(self, learner: Learner, lengths: Sequence[int]) -> None:
        """Returns when all have come, before the first step. `lengths` are the tokens of each training example."""

    def whole(self) -> AbstractContextManager[None]:
        """Within, this process computes with the model by itself, without a gradient."""
        return nullcontext()

    @abstractmethod
    def gather(self, learner: Learner, step: int, indices: Sequence[int], settings: TrainingSettings) -> Gathered:
        """The gradient is in the learner's parameters afterwards."""


class Alone(Group):
    def meet(self, learner: Learner, lengths: Sequence[int]) -> None:
        """There is nobody to wait for."""

    def gather(self, learner: Learner, step: int, indices: Sequence[int], settings: TrainingSettings) -> Gathered:
        return learner.gather(indices, settings)


@dataclass(frozen=True)
class Order:
    """What every process is to compute of one step; each finds its share under its rank."""

    step: int
    shares: tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class Share:
    """What one process has computed. `weight` is what its mean counts among those of the others."""

    gathered: Gathered
    weight: float
    peak_bytes: int = 0
    failure: str | None = None  # what went wrong instead


def share_of(learner: Learner, indices: Sequence[int], settings: TrainingSettings) -> Share:
    """Its gradient, weighted, is in the learner's parameters afterwards."""
    if not indices:
        return Share(Gathered(0.0, 0, 0), 0.0)
    gathered = learner.gather(indices, settings)
    weight = float(gathered.supervised if learner.objective.mean_over == "tokens" else len(indices))
    learner.trained.parameters.gradients.mul_(weight)
    return Share(gathered, weight)


def together(shares: Sequence[Share]) -> Gathered:
    """Of the whole batch."""
    whole = sum(share.weight for share in shares)
    figures: dict[str, float] = {}
    for share in shares:
        for name, value in share.gathered.figures.items():
            figures[name] = figures.get(name, 0.0) + value * share.weight / whole
    return Gathered(
        loss=sum(share.gathered.loss * share.weight for share in shares) / whole,
        tokens=sum(share.gathered.tokens for share in shares),
        supervised=sum(share.gathered.supervised for share in shares),
        figures=figures,
    )


def join(rank: int, count: int, port: int) -> None:
    """Meets the others on this machine, and nobody from outside it; returns when all have come."""
    os.environ["GLOO_SOCKET_IFNAME"] = _loopback()  # noqa: TID251 - gloo can be told in no other way
    store = dist.TCPStore("127.0.0.1", port, count, is_master=False)
    dist.init_process_group("gloo", store=store, rank=rank, world_size=count, timeout=_PATIENCE)


def send_values(values: Tensor) -> None:
    """From the leader to everybody."""
    dist.broadcast(values, 0)


def add_up(gradients: Tensor) -> None:
    """At the leader; what the others are left with is worth nothing."""
    dist.reduce(gradients, 0, op=dist.ReduceOp.SUM)


def _loopback() -> str:
    """The network interface that no other machine reaches."""
    interfaces = psutil.net_if_addrs().items()
    return next(name for name, known in interfaces if any(each.address == "127.0.0.1" for each in known))
