"""Log probabilities of the answers in a packed row; logits exist a chunk at a time, in both directions."""

import torch
from torch import Tensor
from torch.nn.functional import linear
from torch.utils.checkpoint import checkpoint
from transformers import PreTrainedModel

from luthier.data.packing import PackedRow
from luthier.engine.forward import hidden_states, supervised_places
from luthier.engine.preference_losses import Sides

_CHUNK = 256  # rows of logits that exist at once, as in engine/loss.py


def sides_of(model: PreTrainedModel, row: PackedRow) -> Sides:
    """Of a row whose examples are chosen and rejected by turns. The model must be inside `packed_attention`."""
    sums, tokens = answers_of(model, row)
    return Sides(sums[0::2], sums[1::2], tokens[0::2], tokens[1::2])


def answers_of(model: PreTrainedModel, row: PackedRow) -> tuple[Tensor, Tensor]:
    """[examples] each, in the machine's memory: the log probabilities of whole answers, and their numbers of tokens."""
    each, answer = tokens_of(model, row)
    count = len(row.boundaries) - 1
    sums = torch.zeros(count, dtype=torch.float32).index_add(0, answer, each)
    return sums, torch.bincount(answer, minlength=count).float()


def tokens_of(model: PreTrainedModel, row: PackedRow) -> tuple[Tensor, Tensor]:
    """[tokens of answers] each, in the machine's memory: their log probabilities, and of which example they are."""
    places = supervised_places(row)
    hidden = hidden_states(model, row)[places - 1]
    each = token_log_probs(model, hidden, torch.from_numpy(row.ids)[places].to(model.device))
    return each.cpu(), torch.bucketize(places, torch.from_numpy(row.boundaries), right=True) - 1


def token_log_probs(model: PreTrainedModel, hidden: Tensor, targets: Tensor) -> Tensor:
    """log p(target) for each of hidden [rows, width], in fp32. Backward computes the logits again."""
    softcap = getattr(model.config, "final_logit_softcapping", None)
    head = model.get_output_embeddings()

    def chunk(hidden: Tensor, targets: Tensor) -> Tensor:
        logits = linear(hidden, head.weight, getattr(head, "bias", None))
        if softcap is not None:
            logits = softcap * torch.tanh(logits / softcap)
        return torch.log_softmax(logits, dim=1, dtype=torch.float32).gather(1, targets.unsqueeze(1)).squeeze(1)

    parts = zip(hidden.split(_CHUNK), targets.split(_CHUNK), strict=True)
    return torch.cat([checkpoint(chunk, *part, use_reentrant=False) for part in parts])
