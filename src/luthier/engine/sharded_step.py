"""A step of processes among which the model is divided: all take as many passes, each over examples of its own."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch.distributed as dist

from luthier.data.packing import fair_shares, micro_batches
from luthier.domain.recipes import TrainingSettings
from luthier.engine.learner import Learner
from luthier.engine.memory_use import peak_bytes
from luthier.engine.next_token import NextToken
from luthier.engine.objective import Gathered
from luthier.engine.sharded_layers import LEADER, ShardedLayers


@dataclass(frozen=True)
class Passes:
    """Of one step, by rank; all have as many, so that some may be empty."""

    step: int
    of: tuple[tuple[tuple[int, ...], ...], ...]
    supervised: int  # tokens that carry loss, in all of them


@dataclass(frozen=True)
class Lend:
    """The leader wants to compute alone."""


@dataclass(frozen=True)
class Part:
    """What one process has computed of a step."""

    gathered: Gathered
    peak_bytes: int


def deal(learner: Learner, step: int, indices: Sequence[int], settings: TrainingSettings, count: int) -> Passes:
    objective = learner.objective
    assert isinstance(objective, NextToken), "the plan divides the model for supervised training alone"
    lengths = [objective.length_of(index) for index in indices]
    passes = []
    for share in fair_shares(lengths, count):
        groups = micro_batches([lengths[place] for place in share], settings.micro_batch_tokens)
        passes.append([tuple(indices[share[place]] for place in group) for group in groups])
    most = max(map(len, passes))
    of = tuple((*each, *[()] * (most - len(each))) for each in passes)
    return Passes(step, of, objective.supervised_in(indices))


def take_passes(
    learner: Learner, layers: ShardedLayers, order: Passes, settings: TrainingSettings, rank: int, count: int
) -> list[Part]:
    """What all have computed, where this is the leader; the sum of their gradients is then in its parameters."""
    objective = learner.objective
    assert isinstance(objective, NextToken), "the plan divides the model for supervised training alone"
    layers.take_values()
    layers.empty_gradients()
    with learner.computing(settings):
        gathered = objective.gather_passes(order.of[rank], order.supervised, learner.channel)
    layers.bring_gradients()
    parts = [Part(gathered, peak_bytes())] * count
    dist.gather_object(parts[rank], parts if rank == LEADER else None, LEADER)
    return parts
