"""How likely a model holds a given text after another one, from the tokens that both are when written together."""

import torch
from torch import Tensor

from luthier.domain.chat import ChatPromptEmpty, ConversationTooLong, Likelihood, LikelihoodRequest
from luthier.engine.adapted_base import AdaptedBase


@torch.no_grad()
def likelihood_of(base: AdaptedBase, request: LikelihoodRequest) -> Likelihood:
    """Raises ChatPromptEmpty without a continuation, ConversationTooLong when both do not fit in the context."""
    base.use(request.target.adapter_folder)
    before, given = _divided(base, request)
    limit = base.loaded.shape.context_length
    if len(before) + len(given) > limit:
        raise ConversationTooLong(tokens=len(before) + len(given), limit=limit)
    rows = torch.tensor([[*before, *given][:-1]])
    logits: Tensor = base.loaded.model(input_ids=rows, use_cache=False, logits_to_keep=len(given)).logits[0].float()
    wanted = torch.tensor(given)
    each = torch.log_softmax(logits, dim=1).gather(1, wanted[:, None])
    return Likelihood(
        logprob=float(each.sum(dtype=torch.float64)),
        tokens=len(given),
        is_likeliest=bool((logits.argmax(1) == wanted).all()),
    )


def _divided(base: AdaptedBase, request: LikelihoodRequest) -> tuple[list[int], list[int]]:
    """White space between the two belongs to the continuation, as tokenizers write it; something always comes first."""
    renderer = base.loaded.renderer
    context = request.context.rstrip()
    whole = renderer.text_prompt_ids(request.context + request.continuation)
    before = renderer.text_prompt_ids(context) if context else list(renderer.files.added_before)
    given = whole[len(before) :]
    if not before:
        start = renderer.bos_id if renderer.bos_id is not None else renderer.eos_id
        before, given = ([start], given) if start is not None else (given[:1], given[1:])
    if not request.continuation or not given:
        raise ChatPromptEmpty
    return before, given
