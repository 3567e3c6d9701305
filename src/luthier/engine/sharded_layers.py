"""The layers of a model divided among processes by FSDP2: each keeps a part, and gathers a layer while it computes it.

Fully sharded data parallelism (Zhao et al. 2023, arXiv 2304.11277), by torch's `fully_shard`. Embedding, last norm and
head lie outside the layers and are whole in every process, because the loss reads them by hand.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import FSDPModule, MixedPrecisionPolicy, fully_shard
from torch.distributed.tensor import DTensor
from transformers.modeling_layers import GradientCheckpointingLayer

from luthier.domain.models import BaseUnsupported
from luthier.engine.flat_parameters import FlatParameters
from luthier.engine.full import WholeModel
from luthier.engine.learner import Learner

LEADER = 0


class ShardedLayers:
    """What is trained inside the layers is divided with them; but an adapter is small, and whole in every process."""

    def __init__(self, learner: Learner, rank: int, count: int) -> None:
        """Called by all processes at once, after which `learner` computes only where they all do."""
        self._trained, self._model = learner.trained, learner.base.model
        self._rank, self._count = rank, count
        self._everything = isinstance(learner.trained, WholeModel)
        if self._everything:
            self._trained.parameters.let_go()
        self._layers = _shard(self._model, self._everything, count)
        self._divided = self._divided_parameters()
        self._shared = self._shared_parameters()
        if self._everything and rank != LEADER:
            self._trained.parameters = self._shared  # values and moments of the whole are the leader's

    def take_values(self) -> None:
        """The leader's values, everywhere."""
        if self._everything and self._rank == LEADER:
            whole = self._trained.parameters
            self._shared.assign(whole.views(whole.values))
        dist.broadcast(self._shared.values, LEADER)
        self._shared.refresh()
        if self._divided:
            self._scatter()

    def empty_gradients(self) -> None:
        self._shared.gradients.zero_()
        for parameter in self._divided.values():
            parameter.grad = None

    def bring_gradients(self) -> None:
        """Their sum, into the leader's gradients; what the others are left with is worth nothing."""
        dist.reduce(self._shared.gradients, LEADER, op=dist.ReduceOp.SUM)
        if not self._everything:
            return
        whole = self._trained.parameters
        if self._rank == LEADER:
            gradients = whole.views(whole.gradients)
            for name, view in self._shared.views(self._shared.gradients).items():
                gradients[name].copy_(view)
            self._gather(gradients)
        else:
            self._gather(None)

    @contextmanager
    def lent(self) -> Iterator[None]:
        """Within, the leader has every layer whole and computes alone. For the others it is over at once."""
        self.take_values()
        for layer in self._layers:
            layer.unshard()
        if self._rank == LEADER:
            self._keep_whole(True)
        try:
            yield
        finally:
            if self._rank == LEADER:
                self._keep_whole(False)
            for layer in self._layers:
                layer.reshard()

    def _keep_whole(self, wanted: bool) -> None:
        for layer in self._layers:
            layer.set_reshard_after_forward(not wanted)

    def _divided_parameters(self) -> dict[str, DTensor]:
        """By name, of what is trained."""
        named = self._model.named_parameters() if self._everything else ()
        return {name: each for name, each in named if isinstance(each, DTensor)}

    def _shared_parameters(self) -> FlatParameters:
        if not self._everything:
            return self._trained.parameters
        named = self._model.named_parameters()
        return FlatParameters(
            {name: each for name, each in named if name not in self._divided}, precision=self._model.dtype
        )

    def _scatter(self) -> None:
        """Each process gets its part of every divided tensor, all of them in one message."""
        mine = self._of_mine(0.0)
        if self._rank == LEADER:
            whole = self._trained.parameters
            parts = self._parts(whole.views(whole.values), len(mine))
            dist.scatter(mine, parts, LEADER)
        else:
            dist.scatter(mine, None, LEADER)
        start = 0
        for parameter in self._divided.values():
            local = parameter.detach().to_local()
            local.copy_(mine[start : start + local.numel()].view(local.shape))
            start += local.numel()

    def _gather(self, gradients: dict[str, Tensor] | None) -> None:
        """The other way round: into `gradients` at the leader."""
        mine, start = self._of_mine(0.0), 0
        for parameter in self._divided.values():
            local = parameter.grad.to_local()
            mine[start : start + local.numel()] = local.reshape(-1)
            start += local.numel()
        if gradients is None:
            dist.gather(mine, None, LEADER)
            return
        received = [torch.empty_like(mine) for _ in range(self._count)]
        dist.gather(mine, received, LEADER)
        starts = [0] * self._count
        for name in self._divided:
            for rank, part in enumerate(_chunks(gradients[name], self._count)):
                part.copy_(received[rank][starts[rank] : starts[rank] + part.numel()].view(part.shape))
                starts[rank] += part.numel()

    def _parts(self, values: dict[str, Tensor], length: int) -> list[Tensor]:
        parts = [torch.zeros(length) for _ in range(self._count)]
        starts = [0] * self._count
        for name in self._divided:
            for rank, part in enumerate(_chunks(values[name], self._count)):
                parts[rank][starts[rank] : starts[rank] + part.numel()] = part.reshape(-1)
                starts[rank] += part.numel()
        return parts

    def _of_mine(self, value: float) -> Tensor:
        """As long as the longest share, the leader's: a message is of one length for all."""
        length = sum(-(-each.shape[0] // self._count) * each[0].numel() for each in self._divided.values())
        return torch.full((length,), value)


def _chunks(tensor: Tensor, count: int) -> tuple[Tensor, ...]:
    """As `fully_shard` divides it: rows, the last shares being smaller or none."""
    return torch.chunk(tensor, count)


def _shard(model: nn.Module, everything: bool, count: int) -> list[FSDPModule]:
    """Raises BaseUnsupported."""
    layers = [module for module in model.modules() if isinstance(module, GradientCheckpointingLayer)]
    if not layers:
        raise BaseUnsupported(what="its layers cannot be told apart, to divide them among processes")
    mesh = init_device_mesh("cpu", (count,))
    precision = model.dtype
    policy = MixedPrecisionPolicy(param_dtype=precision, reduce_dtype=torch.float32) if everything else None
    for layer in layers:
        if everything:
            layer.float()  # gradients of several passes are added up in fp32
        trained = set() if everything else {each for each in layer.parameters() if each.requires_grad}
        fully_shard(layer, mesh=mesh, mp_policy=policy or MixedPrecisionPolicy(), ignored_params=trained)
    inner = model.base_model
    outside = {each for each in inner.parameters() if not isinstance(each, DTensor)}
    fully_shard(inner, mesh=mesh, ignored_params=outside)
    for each in (*outside, *model.buffers()):
        if not each.requires_grad:
            each.data = each.data.clone()  # what lies in the mapped file keeps all of it in memory
    sharded = [layer for layer in layers if isinstance(layer, FSDPModule)]
    for layer in sharded:
        layer.set_reshard_after_forward(True)
        layer.set_modules_to_backward_prefetch([layer])  # nothing ahead: the leader may have computed more than others
        layer.set_force_sum_reduction_for_comms(True)  # gloo knows no other
        layer.set_gradient_divide_factor(1.0)
    return sharded
