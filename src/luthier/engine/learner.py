"""What one process computes of a step: the mean loss of some examples, and its gradient."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from luthier.domain.recipes import TrainingSettings
from luthier.engine.channel import Channel
from luthier.engine.forward import products_in
from luthier.engine.loading import LoadedBase
from luthier.engine.objective import Gathered, Objective
from luthier.engine.packed_attention import packed_attention
from luthier.engine.recompute import recomputed_layers
from luthier.engine.trained import Trained


@dataclass(frozen=True, eq=False)
class Learner:
    base: LoadedBase
    trained: Trained
    objective: Objective
    channel: Channel

    def gather(self, indices: Sequence[int], settings: TrainingSettings) -> Gathered:
        with products_in(settings):
            self.objective.draw(indices, self.channel)
        with self.computing(settings):
            gathered = self.objective.gather(indices, settings.micro_batch_tokens, self.channel)
        self.trained.add_own_gradient()
        return gathered

    @contextmanager
    def computing(self, settings: TrainingSettings) -> Iterator[None]:
        """Within, the model computes packed rows as in training."""
        with (
            packed_attention(self.base.model),
            self.trained.training(),
            products_in(settings),
            recomputed_layers(self.base.model, settings.gradient_checkpointing),
        ):
            yield
