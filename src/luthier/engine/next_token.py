"""Supervised training and continued pretraining: the loss of the next token, mean over those that are supervised."""

from collections.abc import Sequence

import numpy as np

from luthier.data.packing import micro_batches
from luthier.domain.jobs import HeldOutLoss
from luthier.domain.recipes import TrainingSettings
from luthier.engine.channel import Channel
from luthier.engine.forward import row_loss, supervised_places
from luthier.engine.held_out import held_out_loss
from luthier.engine.loading import LoadedBase
from luthier.engine.objective import Gathered, Objective
from luthier.engine.preparing import PreparedData


class NextToken(Objective):
    mean_over = "tokens"

    def __init__(self, base: LoadedBase, data: PreparedData, settings: TrainingSettings) -> None:
        self._base = base
        self._data = data
        self._settings = settings

    def begin(self, pass_tokens: int, channel: Channel) -> None:
        """Nothing has to be known beforehand."""

    def gather(self, indices: Sequence[int], pass_tokens: int, channel: Channel) -> Gathered:
        groups = micro_batches([self.length_of(index) for index in indices], pass_tokens)
        passes = [[indices[place] for place in group] for group in groups]
        return self.gather_passes(passes, self.supervised_in(indices), channel)

    def length_of(self, index: int) -> int:
        return int(self._data.train.lengths[index])

    def supervised_in(self, indices: Sequence[int]) -> int:
        """Tokens that carry loss."""
        return sum(len(supervised_places(self._data.train.packed([index]))) for index in indices)

    def gather_passes(self, passes: Sequence[Sequence[int]], supervised: int, channel: Channel) -> Gathered:
        """Over the `supervised` tokens of a whole batch, of which these passes may be a part.

        An empty pass computes something that counts nothing, for the company of a process that has more to do.
        """
        train, loss_sum, tokens, supervised_here = self._data.train, 0.0, 0, 0
        for group in passes:
            row = train.packed(group or [int(np.argmin(train.lengths))])
            loss = row_loss(self._base.model, row)
            if group:
                (loss / supervised).backward()
                loss_sum += loss.item()
                tokens += len(row.ids)
                supervised_here += len(supervised_places(row))
            else:
                (loss * 0.0).backward()
            channel.busy += 1
        return Gathered(loss_sum / supervised, tokens, supervised_here)

    def held_out(self, step: int, pass_tokens: int, channel: Channel) -> HeldOutLoss | None:
        if self._data.held_out is None:
            return None
        settings = self._settings.model_copy(update={"micro_batch_tokens": pass_tokens})
        return held_out_loss(self._base, self._data.held_out, settings, step, channel)
