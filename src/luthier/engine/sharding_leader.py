"""The leader of processes among which the model itself is divided: they compute together, or not at all."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch.distributed as dist

from luthier.domain.recipes import TrainingSettings
from luthier.engine.leader import Leader
from luthier.engine.learner import Learner
from luthier.engine.objective import Gathered
from luthier.engine.sharded_layers import LEADER, ShardedLayers
from luthier.engine.sharded_step import Lend, Passes, deal, take_passes


class ShardingLeader(Leader):
    """What one of the others cannot compute ends it, and the attempt with it: a pass without it cannot go on."""

    leaves_whole = False

    def meet(self, learner: Learner, lengths: Sequence[int]) -> None:
        super().meet(learner, lengths)
        with self.in_company():
            self._layers = ShardedLayers(learner, LEADER, self.count)

    def gather(self, learner: Learner, step: int, indices: Sequence[int], settings: TrainingSettings) -> Gathered:
        order = deal(learner, step, indices, settings, self.count)
        with self.in_company():
            _tell(order)
            parts = take_passes(learner, self._layers, order, settings, LEADER, self.count)
        learner.trained.add_own_gradient()
        self.others_peak_bytes = sum(part.peak_bytes for part in parts[1:])
        return Gathered(
            loss=sum(part.gathered.loss for part in parts),
            tokens=sum(part.gathered.tokens for part in parts),
            supervised=order.supervised,
        )

    @contextmanager
    def whole(self) -> Iterator[None]:
        with self.in_company():
            _tell(Lend())
            with self._layers.lent():
                yield


def _tell(order: Passes | Lend) -> None:
    dist.broadcast_object_list([order], LEADER)
