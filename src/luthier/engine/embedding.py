"""The meaning of a text as one vector: the mean of the last hidden states over its tokens, of length 1."""

import torch

from luthier.domain.chat import ChatPromptEmpty, ConversationTooLong, Embedding
from luthier.engine.adapted_base import AdaptedBase


@torch.no_grad()
def embed(base: AdaptedBase, adapter_folder: str | None, text: str) -> Embedding:
    base.use(adapter_folder)
    ids = base.loaded.renderer.text_prompt_ids(text)
    context = base.loaded.shape.context_length
    if not ids:
        raise ChatPromptEmpty
    if len(ids) > context:
        raise ConversationTooLong(tokens=len(ids), limit=context)
    model = base.loaded.model
    states = (
        model.get_decoder()(input_ids=torch.tensor([ids], device=model.device), use_cache=False)
        .last_hidden_state[0]
        .float()
    )
    mean = torch.nn.functional.normalize(states.mean(0), dim=0)
    return Embedding(values=tuple(mean.tolist()), tokens=len(ids))
