"""The loss on examples that are never trained on: mean over their supervised tokens."""

import torch

from luthier.data.encode import EncodedSet
from luthier.data.packing import micro_batches
from luthier.domain.jobs import HeldOutLoss
from luthier.domain.recipes import TrainingSettings
from luthier.domain.runs import LossNotFinite
from luthier.engine.channel import Channel
from luthier.engine.forward import products_in, row_loss, supervised_places
from luthier.engine.loading import LoadedBase
from luthier.engine.packed_attention import packed_attention
from luthier.health.losses import not_finite


@torch.no_grad()
def held_out_loss(
    base: LoadedBase, held_out: EncodedSet, settings: TrainingSettings, step: int, channel: Channel
) -> HeldOutLoss:
    """Of the model as it stands: with its adapter, or inside `Adapter.disabled` without it.

    Raises Interrupted between two passes when somebody wishes so, and LossNotFinite.
    """
    total, tokens = 0.0, 0
    with packed_attention(base.model), products_in(settings):
        groups = micro_batches(held_out.lengths.tolist(), settings.micro_batch_tokens)
        for done, group in enumerate(groups):
            channel.obey()
            channel.progress("measuring the held-out loss", done, len(groups))
            row = held_out.packed(group)
            total += row_loss(base.model, row).item()
            tokens += len(supervised_places(row))
    refuse_not_finite(total, step, settings)
    return HeldOutLoss(step=step, loss=total / tokens, tokens=tokens)


def refuse_not_finite(loss: float, step: int, settings: TrainingSettings) -> None:
    """Raises LossNotFinite."""
    value = not_finite(loss, 0.0)
    if value is not None:
        raise LossNotFinite(value=value, step=step, lower=settings.learning_rate / 5, rows="of the held-out examples")
