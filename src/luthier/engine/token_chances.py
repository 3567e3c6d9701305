"""How likely the model held a token and its rivals, as programs want to be told."""

import torch
from torch import Tensor

from luthier.data.render import Renderer
from luthier.domain.chat import TokenChance, TokenChoice


def choice_of(logits: Tensor, token: int, count: int, renderer: Renderer) -> TokenChoice:
    """`logits` [vocabulary], fp32: the model's own, whatever temperature the token was drawn at."""
    chances = logits.log_softmax(-1)
    top = chances.topk(count) if count else None
    rivals = zip(top.indices.tolist(), top.values.tolist(), strict=True) if top is not None else ()
    return TokenChoice(
        chosen=_chance(token, float(chances[token]), renderer),
        top=tuple(_chance(rival, value, renderer) for rival, value in rivals),
    )


def _chance(token: int, logprob: float, renderer: Renderer) -> TokenChance:
    text = renderer.decode([token], control_tokens=True)
    smallest = torch.finfo(torch.float32).min  # a token that was ruled out has minus infinity, which JSON cannot say
    return TokenChance(text=text, bytes=tuple(text.encode()), logprob=max(logprob, smallest))
