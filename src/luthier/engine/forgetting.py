"""What training cost in general knowledge: the loss of base and tuned model on texts that no run trains on."""

from luthier.data.encode import encode
from luthier.data.probe import probe_examples
from luthier.domain.evaluations import ProbeLoss
from luthier.domain.jobs import Job
from luthier.domain.runs import LossNotFinite
from luthier.engine.channel import Channel
from luthier.engine.held_out import held_out_loss
from luthier.engine.loading import LoadedBase
from luthier.engine.trained import Trained


def probe_loss(job: Job, base: LoadedBase, trained: Trained, channel: Channel) -> ProbeLoss | None:
    """None when the model's context is too short for every text, or one gives a loss that is no number.

    The run is done by then, and stays so. Raises Interrupted.
    """
    texts = encode(probe_examples(), base.renderer, max_length=base.shape.context_length)
    if len(texts) == 0:
        return None
    try:
        with trained.disabled():
            before = held_out_loss(base, texts, job.settings, 0, channel)
        after = held_out_loss(base, texts, job.settings, job.total_steps, channel)
    except LossNotFinite:
        return None
    return ProbeLoss(base=before.loss, tuned=after.loss, texts=len(texts), tokens=after.tokens)
