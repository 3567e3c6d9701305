"""Supervised training and continued pretraining: the loss of the next token, mean over those that are supervised."""

from collections.abc import Sequence

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
    def __init__(self, base: LoadedBase, data: PreparedData, settings: TrainingSettings) -> None:
        self._base = base
        self._data = data
        self._settings = settings

    def begin(self, pass_tokens: int, channel: Channel) -> None:
        """Nothing has to be known beforehand."""

    def gather(self, indices: Sequence[int], pass_tokens: int, channel: Channel) -> Gathered:
        train, total = self._data.train, 0.0
        groups = micro_batches([int(train.lengths[index]) for index in indices], pass_tokens)
        rows = [train.packed([indices[place] for place in group]) for group in groups]
        supervised = sum(len(supervised_places(row)) for row in rows)
        for row in rows:
            loss = row_loss(self._base.model, row)
            (loss / supervised).backward()
            total += loss.item()
            channel.busy += 1
        return Gathered(total / supervised, sum(len(row.ids) for row in rows), supervised)

    def held_out(self, step: int, pass_tokens: int, channel: Channel) -> HeldOutLoss | None:
        if self._data.held_out is None:
            return None
        settings = self._settings.model_copy(update={"micro_batch_tokens": pass_tokens})
        return held_out_loss(self._base, self._data.held_out, settings, step, channel)
